"""`lsp-assembler tags`."""

from functools import partial
from typing import Annotated

import typer

from lsp_assembler.cli import completion, options, output, reporting
from lsp_assembler.cli.grouped import OFF, grouped
from lsp_assembler.cli.options import DataFormat
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations import tags as operation
from lsp_assembler.reports import tags as reports

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The image, without a tag.",
        show_default=False,
        autocompletion=completion.repositories,
    ),
]
All = Annotated[bool, typer.Option("--all", help="List all tags, not only LSP and LSP-TAG."), OFF]


@grouped
def tags(
    *,
    name: Name,
    file: options.ImagesFile,
    all_: All,
    reading: options.Reading,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
    format_: options.TextOrJson,
) -> None:
    """List the versions of an LSP image, newest first.

    An engine knows only the images it has; a registry knows all that are published. Fetches no start point.
    """
    request = operation.TagsRequest(
        name=name,
        all=all_,
        file=file,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(), no_cache=no_cache),
        environ=options.environ(),
    )

    def show(done: operation.TagsResult) -> None:
        if format_ is DataFormat.JSON:
            place = (done.repository, done.store)
            output.document(reports.render_json(done, *place, None, done.exit_status))
            return
        output.report(reports.text(done))
        for version in done.problems:
            output.complain(version.problem)

    def failed(error: LspAssemblerError) -> None:
        output.document(reports.render_json(None, name, reading.from_, str(error), error.exit_status))

    reporting.run(partial(operation.tags, request), show, failed if format_ is DataFormat.JSON else None)
