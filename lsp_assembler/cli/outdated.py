"""`lsp-assembler outdated`."""

from functools import partial
from pathlib import Path

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import grouped
from lsp_assembler.cli.options import Format
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.lockfile import FILENAME
from lsp_assembler.operations import outdated as operation
from lsp_assembler.reports import github
from lsp_assembler.reports import outdated as reports


@grouped
def outdated(
    *,
    listed: options.Listed,
    base: options.Base,
    reading: options.Pulling,
    reach: options.Reach,
    jobs: options.Jobs,
    format_: options.AnyFormat,
) -> None:
    """Show what is newer than images.lock and images.yml say.

    Which images have moved since the lock file was written, and which have a newer version than the one that
    images.yml names. Fetches no image.
    """
    request = operation.OutdatedRequest(
        file=listed.file,
        type=listed.type_,
        from_store=reading.from_,
        lock_file=listed.lock_file,
        base=base,
        jobs=jobs,
        stores=reach.options(reading.pull),
        environ=options.environ(),
    )
    shown = str(listed.lock_file or (listed.file.parent if listed.file else Path()) / FILENAME)

    def show(done: operation.OutdatedResult) -> None:
        if format_ is Format.JSON:
            output.document(reports.render_json(done, shown, None, done.exit_status))
        elif format_ is Format.GITHUB:
            output.verbatim(github.render_outdated(done))
        else:
            output.verbatim(reports.text(done, output.width()))

    def failed(error: LspAssemblerError) -> None:
        if format_ is Format.JSON:
            output.document(reports.render_json(None, shown, str(error), error.exit_status))
        else:
            output.verbatim(github.stopped("outdated", error))

    reporting.run(partial(operation.outdated, request), show, None if format_ is Format.TEXT else failed)
