"""`lsp-assembler outdated`."""

from functools import partial
from pathlib import Path

import typer

from lsp_assembler.cli import options, reporting
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
    """Show what has changed since images.lock was written.

    Compares the lock file with images.yml, and with the current digest of every image. Fetches no image.
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
            typer.echo(reports.render_json(done.diff, shown, None, done.exit_status), nl=False)
        elif format_ is Format.GITHUB:
            typer.echo(github.render_outdated(done), nl=False)
        else:
            typer.echo(reports.text(done.diff, shown), nl=False)

    def as_json(error: LspAssemblerError) -> str:
        return reports.render_json(None, shown, str(error), error.exit_status)

    failed = {Format.TEXT: None, Format.JSON: as_json, Format.GITHUB: partial(github.stopped, "outdated")}
    reporting.run(partial(operation.outdated, request), show, failed[format_])
