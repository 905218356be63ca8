"""`lsp-assembler inspect`."""

from typing import Annotated

import typer

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import Default, grouped
from lsp_assembler.operations import inspect as operation
from lsp_assembler.stores.interface import Pull
from lsp_assembler.text import json_text

Image = Annotated[str, typer.Argument(metavar="IMAGE", help="A start-points image.", show_default=False)]
PullMissing = Annotated[
    Pull, typer.Option("--pull", help="When the engine pulls the image."), Default(Pull.MISSING)
]


@grouped
def inspect(
    *,
    image: Image,
    reading: options.Reading,
    pull: PullMissing,
    reach: options.Reach,
) -> None:
    """Print what a start-points image serves, as JSON.

    For each display_name it prints the url, the sha and the image_name.
    """
    request = operation.InspectRequest(
        image=image, from_store=reading.from_, stores=reach.options(pull), environ=options.environ()
    )
    output.document(json_text(operation.inspect(request, reporting.Terminal())))
