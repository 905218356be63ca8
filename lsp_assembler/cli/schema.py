"""`lsp-assembler schema`."""

import typer

from lsp_assembler.config import images_file


def schema() -> None:
    """Print the JSON Schema of images.yml.

    An editor can use it to complete and check the file.
    """
    typer.echo(images_file.schema(), nl=False)
