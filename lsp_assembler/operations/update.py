"""`update`: move one image of images.yml to a newer tag."""

from pathlib import Path

from msgspec import Struct

from lsp_assembler.config import images_edit, images_file
from lsp_assembler.errors import FetchError, InvalidInputError, PublishError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.files.locking import locked
from lsp_assembler.lockfile import FILENAME
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import Version, is_immutable, lsp_tag, newer, order_of
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.operations.request import DEFAULT_FILE, ReadRequest
from lsp_assembler.operations.tags import describe_all
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores, StoreSpec

_CHECK = "Check the folder and its permissions."


class UpdateRequest(ReadRequest, frozen=True, kw_only=True):
    """What to update, and how.

    Args:
        name: an image as images.yml lists it; its tag is only needed if there are several.
        tag: a version or a commit, e.g. "3.7.5-1"; None for the newest.
        file: None for ./images.yml.
    """

    name: str
    tag: str | None = None
    file: Path | None = None


class UpdateResult(Struct, frozen=True):
    """What became of one entry of images.yml.

    Args:
        path: of images.yml.
        entry: as it was.
        new: the version that it names now; None where it stays as it is.
        is_newest: whether the newest was looked for, and not a tag that the request names.
        place: where it was looked for, as sentences call it, e.g. "the engine".
        is_local: whether that is a place with no more than somebody has put there.
        stale_lock: the lock file that does not fit any more; None if there is none.
    """

    path: Path
    entry: Source
    new: Version | None
    is_newest: bool
    place: str
    is_local: bool
    stale_lock: Path | None = None


def update(request: UpdateRequest, observer: Observer = SILENT) -> UpdateResult:
    """Move one image to a newer immutable tag; nothing else in the file changes.

    From an engine the newest is that of the images that it has; from a registry that of all published.

    Raises:
        InvalidInputError: the request or images.yml is wrong, or does not list the image.
        FetchError: there is no such version, or a store cannot be asked.
        PublishError: images.yml cannot be written.
    """
    spec = StoreSpec.source(request.from_store)
    path = request.file or DEFAULT_FILE
    listed = images_file.load(str(path))
    entry = images_edit.entry(listed.images, reference(request.name, "update"), str(path))
    old = Reference.parse(entry.text)
    wanted = _wanted(entry, request.tag, path)
    with Stores(request.stores, request.environ, observer.notice, listed.registries) as stores:
        store = stores.reader(spec)
        new = _existing(store, old, wanted) if wanted else _newest(store, old, request.jobs)
    if new is None or new.tag == old.tag:
        return UpdateResult(path, entry, None, wanted is None, store.place, not store.is_shared)
    with observer.critical():
        _replace(path, entry, str(old.with_tag(new.tag)), request.name)
    lock = path.parent / FILENAME
    return UpdateResult(
        path, entry, new, wanted is None, store.place, not store.is_shared, lock if lock.exists() else None
    )


def _replace(path: Path, old: Source, new: str, name: str) -> None:
    """Change the entry in the file as it is now: others may have changed it while registries were asked."""
    try:
        with locked(path):
            now = images_edit.entry(images_file.load(str(path)).images, reference(name, "update"), str(path))
            if now.text != old.text:
                raise InvalidInputError(
                    f"{path}:{now.line}: '{old.text}' has become '{now.text}' meanwhile", "Run it again."
                )
            edited = images_edit.replaced(path.read_bytes(), str(path), now, new)
            write_file(edited, path, _CHECK)
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror}", _CHECK) from error


def _wanted(entry: Source, tag: str | None, path: Path) -> str | None:
    """The tag that the request names; None for the newest.

    Raises:
        InvalidInputError: it moves, is malformed, or the entry names a digest.
    """
    if Reference.parse(entry.text).digest:
        raise InvalidInputError(
            f"{path}:{entry.line}: '{entry.text}' names a digest",
            "Take the digest out; images.lock keeps the digests.",
        )
    if tag is None:
        return None
    wanted = lsp_tag(tag)
    try:
        Reference.parse(f"image:{wanted}")
    except ValueError as error:
        raise InvalidInputError(
            f"update: '{tag}' is not a tag; expected e.g. 3.7.5-1 or LSP-3.7.5-1", "Correct the tag."
        ) from error
    if not is_immutable(wanted):
        raise InvalidInputError(
            f"update: the tag '{wanted}' moves",
            "Name one that never does, e.g. LSP-3.7.5-1, or leave it out for the newest.",
        )
    return wanted


def _existing(store: ImageSource, old: Reference, tag: str) -> Version:
    """A tag that the request names.

    Raises:
        FetchError: there is no such image, or nobody can say.
    """
    new = old.with_tag(tag)
    if store.digest(new) is None:
        raise FetchError(
            f"{new}: no such image in {store.place}",
            f"'lsp-assembler tags {old.name}' lists those that do.",
            kind="not-found",
        )
    return Version(tag)


def _newest(store: ImageSource, old: Reference, jobs: int | None) -> Version | None:
    """The newest immutable tag; None if the old one is as new.

    Raises:
        FetchError: there is none, or an image whose date decides cannot be read.
    """
    tags = [tag for tag in store.tags(old) if is_immutable(tag)]
    if not tags:
        raise FetchError(
            f"{old.name}: no immutable tag LSP-TAG in {store.place}",
            "Pack the image again: 'lsp-assembler pack' gives it such a tag.",
            kind="not-found",
        )
    by_date = order_of([old.tag, *tags]) == "created"
    found = describe_all(store, old, tags, jobs) if by_date else [Version(tag) for tag in tags]
    problems = [version.problem.partition("\n")[0] for version in found if version.problem]
    if problems:
        remedy = "Name the tag that you want, if the dates do not matter."
        raise FetchError(problems, remedy, kind="unavailable")
    return newer(old.tag, found)
