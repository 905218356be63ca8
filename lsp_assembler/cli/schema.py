"""`lsp-assembler schema`."""

import typer

from lsp_assembler.config import images_file


def schema() -> None:
    """Print the JSON Schema of images.yml, for editors that complete and check it."""
    typer.echo(images_file.schema(), nl=False)
