"""`lsp-assembler update`."""

from typing import Annotated

import typer

from lsp_assembler.cli import options, reporting
from lsp_assembler.cli.grouped import NOTHING, grouped
from lsp_assembler.operations import update as operation
from lsp_assembler.reports import update as reports

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An image as images.yml lists it; its tag is only needed if there are several.",
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
    no_cache: options.NoCache,
    jobs: options.Jobs,
) -> None:
    """Move one image of images.yml to a newer immutable tag; nothing else in the file changes.

    From an engine the newest is that of the images that it has; from a registry that of all published.
    """
    request = operation.UpdateRequest(
        name=name,
        tag=tag,
        file=file,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reading.options(), no_cache=no_cache),
        environ=options.environ(),
    )
    done = operation.update(request, reporting.Terminal())
    typer.echo(reports.text(done), nl=False)
    if done.stale_lock:
        typer.echo(f"{done.stale_lock}: out of date; run 'lsp-assembler lock'", err=True)
