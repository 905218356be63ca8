"""`lsp-assembler check`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from lsp_assembler.cli import options, reporting
from lsp_assembler.cli.grouped import NOTHING, grouped
from lsp_assembler.operations import check as operation

Beside = Annotated[
    Path | None,
    typer.Option(
        "--with",
        metavar="FILE",
        help="Also read the list in FILE: is every display_name of the SOURCEs still free?",
    ),
    NOTHING,
]


@grouped
def check(
    *,
    sources: options.Sources,
    beside: Beside,
    listed: options.Listed,
    reading: options.Pulling,
    reach: options.Reach,
    caching: options.Caching,
    jobs: options.Jobs,
    judging: options.Judging,
    format_: options.AnyFormat,
    limits: options.ImageLimits,
) -> None:
    """Check start points against every rule; build nothing.

    Reads the images that images.yml lists, or the images and directories on the command line. A directory
    is judged as `pack` would judge it, which needs neither an engine nor a network.
    """
    stores = reach.options(reading.pull, options.limits(limits))
    request = operation.CheckRequest(
        sources=sources or (),
        file=listed.file,
        beside=beside,
        type=listed.type_,
        from_store=reading.from_,
        lock_file=listed.lock_file,
        strict=judging.strict,
        verify_images=judging.verify_images,
        jobs=jobs,
        stores=options.cached(stores, **asdict(caching)),
        environ=options.environ(),
    )
    reporting.report("check", format_, partial(operation.check, request))
