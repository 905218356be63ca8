"""`lsp-assembler diff`."""

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from lsp_assembler.cli import completion, options, output, reporting
from lsp_assembler.cli.grouped import Default, grouped
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations import diff as operation
from lsp_assembler.reports import diff as reports


class DiffFormat(StrEnum):
    """How the differences are written: for people, for programs, for a pull request."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


_SIDE = "An image, or the path of images.lock or images.yml."
Old = Annotated[
    str,
    typer.Argument(metavar="OLD", help=_SIDE, show_default=False, autocompletion=completion.built),
]
New = Annotated[
    str,
    typer.Argument(metavar="NEW", help="The same.", show_default=False, autocompletion=completion.built),
]
Format = Annotated[
    DiffFormat,
    typer.Option("--format", help="How to write the differences to stdout."),
    Default(DiffFormat.TEXT),
]


@grouped
def diff(
    *,
    old: Old,
    new: New,
    reading: options.Reading,
    pull: options.PullMissing,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
    format_: Format,
) -> None:
    """Show which start points differ between images, locks or lists.

    What was added, what was removed, and for what changed the commits, the language images and the files.
    """
    request = operation.DiffRequest(
        old=old,
        new=new,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(pull), no_cache=no_cache),
        environ=options.environ(),
    )

    def show(done: operation.DiffResult) -> None:
        if format_ is DiffFormat.JSON:
            output.document(reports.render_json(done, old, new, None, 0))
        elif format_ is DiffFormat.MARKDOWN:
            output.document(reports.markdown(done))
        else:
            output.report(reports.text(done))

    def failed(error: LspAssemblerError) -> None:
        output.document(reports.render_json(None, old, new, str(error), error.exit_status))

    reporting.run(partial(operation.diff, request), show, failed if format_ is DiffFormat.JSON else None)
