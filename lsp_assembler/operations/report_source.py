"""What a report is about: the entries of an image, of a lock file, or of an images.yml."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.operations.listing import of_image, of_lock_file
from lsp_assembler.operations.named_source import NamedSource, is_path, named_source
from lsp_assembler.operations.plan import reference
from lsp_assembler.stores.interface import ImageSource


class Entry(Struct, frozen=True):
    """One LSP image that is in use.

    Args:
        name: e.g. "cyberdojofoundation/java_junit:LSP"; of an image that was built without a lock file, the
            address of a git repository.
        digest: of what is in use; "" where it is what the name stands for.
        image_name: the language image, or "" where only the image says.
    """

    name: str
    digest: str = ""
    image_name: str = ""


def report_source(text: str, listed_in: Path | None = None) -> NamedSource:
    """Find out what SOURCE is. The arguments are those of `named_source`.

    Raises:
        InvalidInputError: it is a path that leads nowhere, no image name, or an images.yml that is wrong.
    """
    if not Path(text).is_file():
        if is_path(text):
            raise InvalidInputError(
                f"{text}: there is no such file; expected an images.yml, a lock file or an image",
                "Check the path.",
            )
        reference(text, "SOURCE")
    return named_source(text, listed_in)


def service_of(source: NamedSource) -> str | None:
    """The image that runs as a service, if it is known."""
    if not source.is_file:
        return source.text
    name = source.file.name if source.file else None
    return str(name) if name else None


def entries_of(source: NamedSource, reader: Callable[[], ImageSource]) -> Sequence[Entry]:
    """The LSP images that are in use.

    Args:
        reader: opens where start-points images are read.

    Raises:
        LockError: the lock file is invalid.
        FetchError: the image cannot be read, or is no start-points image.
    """
    if source.planned:
        return [Entry(each.text) for each in source.planned.sources]
    listed = of_lock_file(Path(source.text)) if source.is_file else of_image(reader(), source.text)
    return [Entry(each.name, each.digest, "".join(each.image_names[:1])) for each in listed]
