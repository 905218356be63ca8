"""The note that all language images of a set have been pulled, for the next start of the service."""

from collections.abc import Iterable
from pathlib import Path

from lsp_assembler.errors import PublishError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import digest_of
from lsp_assembler.reading import read_file

_MOST = 4096  # bytes; ours has 72


def digest_of_set(images: Iterable[Reference]) -> str:
    """The digest of a set of images, e.g. "sha256:9f86…": the same in whatever order, however spelled."""
    names = sorted({image.canonical for image in images})
    return digest_of("\n".join(names).encode())


def is_marked(path: Path, digest: str) -> bool:
    """Whether the marker file says that this set was pulled. What is unreadable or foreign says nothing."""
    try:
        is_file = path.is_file()  # and no pipe, on which one would wait for ever
        return is_file and read_file(path, _MOST).decode("utf-8", "replace").strip() == digest
    except OSError:
        return False


def mark(path: Path, digest: str) -> str:
    """Write the marker file, whole or not at all.

    Returns:
        why it could not be written; "" if it is.
    """
    try:
        write_file(f"{digest}\n".encode(), path, "")
    except PublishError as error:
        return error.message
    return ""
