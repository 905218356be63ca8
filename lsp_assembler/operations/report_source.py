"""What a report is about: the entries of an image, of a lock file, or of an images.yml."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config.images_file import ImagesFile, load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.lockfile.file import load as load_lock
from lsp_assembler.operations.listing import Listed, is_lock, of_image
from lsp_assembler.operations.plan import Plan, plan, reference
from lsp_assembler.operations.request import DEFAULT_FILE
from lsp_assembler.stores.interface import ImageSource

_NO_NAMES = (".yml", ".yaml", ".lock", ".json")  # no image is called so


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


class ReportSource(Struct, frozen=True):
    """SOURCE, found out.

    Args:
        text: as the user wrote it.
        planned: of an images.yml; None for anything else.
        file: the images.yml that goes with it; None where there is none.
        path: of that file.
    """

    text: str
    planned: Plan | None
    file: ImagesFile | None
    path: Path

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no image."""
        return Path(self.text).is_file()

    @property
    def service(self) -> str | None:
        """The image that runs as a service, if it is known."""
        if not self.is_file:
            return self.text
        name = self.file.name if self.file else None
        return str(name) if name else None

    def entries(self, reader: Callable[[], ImageSource]) -> Sequence[Entry]:
        """The LSP images that are in use.

        Args:
            reader: opens where start-points images are read.

        Raises:
            LockError: the lock file is invalid.
            FetchError: the image cannot be read, or is no start-points image.
        """
        if self.planned:
            return [Entry(source.text) for source in self.planned.sources]
        if self.is_file:
            locked = load_lock(Path(self.text)).images
            return [Entry(each.name, each.digest, "".join(each.image_names[:1])) for each in locked]
        return [_entry(each) for each in of_image(reader(), self.text)]


def report_source(text: str) -> ReportSource:
    """Find out what SOURCE is.

    Raises:
        InvalidInputError: it is a path that leads nowhere, no image name, or an images.yml that is wrong.
    """
    path = Path(text)
    if path.is_file() and not is_lock(path):
        planned = plan((), path)
        return ReportSource(text, planned, planned.file, path)
    if not path.is_file() and (text.endswith(_NO_NAMES) or text.startswith((".", "/"))):
        raise InvalidInputError(
            f"{text}: there is no such file; expected an images.yml, a lock file or an image",
            "Check the path.",
        )
    if not path.is_file():
        reference(text, "SOURCE")
    beside = path.parent / DEFAULT_FILE.name if path.is_file() else DEFAULT_FILE
    return ReportSource(text, None, load(str(beside)) if beside.is_file() else None, beside)


def _entry(listed: Listed) -> Entry:
    return Entry(listed.name, listed.digest, "".join(listed.image_names[:1]))
