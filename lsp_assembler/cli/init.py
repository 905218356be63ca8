"""`lsp-assembler init`."""

from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.cli import output, reporting
from lsp_assembler.cli.grouped import grouped
from lsp_assembler.operations import init as operation
from lsp_assembler.reports import init as reports

Target = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A folder for the start point, or a file images.yml.", show_default=False
    ),
]


@grouped
def init(*, path: Target) -> None:
    """Make a new start point, or a new images.yml.

    Makes a folder with a small example to change: start_point, the name of the language image, and a
    workflow for GitHub. If PATH ends in .yml, it makes a list of images. Nothing is overwritten.
    """
    made = reports.text(operation.init(operation.InitRequest(path=path)))
    output.report(made)
    reporting.insist(made)
