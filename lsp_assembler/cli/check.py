"""`lsp-assembler check`."""

from functools import partial

from msgspec.structs import asdict

from lsp_assembler.cli import options, reporting
from lsp_assembler.cli.grouped import grouped
from lsp_assembler.operations import check as operation


@grouped
def check(
    *,
    sources: options.Sources,
    listed: options.Listed,
    reading: options.Pulling,
    reach: options.Reach,
    caching: options.Caching,
    jobs: options.Jobs,
    judging: options.Judging,
    showing: options.Showing,
    limits: options.ImageLimits,
) -> None:
    """Check start points against every rule; build nothing.

    Reads the images that images.yml lists, or the images and directories on the command line. A directory
    needs neither an engine nor git: any folder with manifest.json files will do.
    """
    stores = reach.options(reading.pull, options.limits(limits))
    request = operation.CheckRequest(
        sources=sources or (),
        file=listed.file,
        type=listed.type_,
        from_store=reading.from_,
        lock_file=listed.lock_file,
        strict=judging.strict,
        verify_images=judging.verify_images,
        jobs=jobs,
        stores=options.cached(stores, **asdict(caching)),
        environ=options.environ(),
    )
    reporting.report("check", showing, partial(operation.check, request))
