"""Writing a result where its reader looks for it."""

import os
import shutil
import sys
from pathlib import Path

import typer

from lsp_assembler.cli.options import Format
from lsp_assembler.model.result import Result

_WIDTH_OF_A_FILE = 120


def write(result: Result, format_: Format) -> None:
    """Write the result to stdout, and to $GITHUB_STEP_SUMMARY where GitHub Actions reads it."""
    if format_ is Format.JSON:
        from lsp_assembler.reports import json

        typer.echo(json.render(result), nl=False)
    elif format_ is Format.GITHUB:
        from lsp_assembler.reports import github, markdown

        typer.echo(github.render(result), nl=False)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            _append(Path(summary), markdown.summary(result))
    else:
        from lsp_assembler.reports import text

        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else _WIDTH_OF_A_FILE
        color = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        typer.echo(text.render(result, width, color=color), nl=False)


def _append(path: Path, text: str) -> None:
    """Add to the summary of a GitHub job; that it cannot be written must not fail the job."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        typer.echo(f"warning: GITHUB_STEP_SUMMARY: {path} cannot be written ({error.strerror})", err=True)
