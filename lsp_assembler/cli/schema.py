"""`lsp-assembler schema`."""

from lsp_assembler.cli import output
from lsp_assembler.config import images_file


def schema() -> None:
    """Print the JSON Schema of images.yml.

    An editor can use it to complete and check the file.
    """
    output.document(images_file.schema())
