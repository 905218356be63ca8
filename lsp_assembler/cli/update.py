"""`lsp-assembler update`."""

from typing import Annotated

import typer

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, grouped
from lsp_assembler.operations import update as operation
from lsp_assembler.reports import update as reports
from lsp_assembler.text import visible

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An image in images.yml; add its tag if the file lists several versions.",
        show_default=False,
    ),
]
Tag = Annotated[
    str | None,
    typer.Argument(metavar="TAG", help="A version or a commit, e.g. 3.7.5-1.", show_default="the newest"),
    NOTHING,
]


@grouped
def update(
    *,
    name: Name,
    tag: Tag,
    file: options.ImagesFile,
    reading: options.Reading,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
) -> None:
    """Move one image in images.yml to a newer version.

    An engine knows only the images it has; a registry knows all that are published. Nothing else in the file
    changes.
    """
    request = operation.UpdateRequest(
        name=name,
        tag=tag,
        file=file,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(), no_cache=no_cache),
        environ=options.environ(),
    )
    done = operation.update(request, reporting.Terminal())
    text = reports.text(done)
    output.report(text)
    if done.new:
        reporting.insist(text)
    if done.stale_lock:
        output.say(visible(f"{done.stale_lock}: out of date; run 'lsp-assembler lock'"))
