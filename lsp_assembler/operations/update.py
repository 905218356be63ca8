"""`update`: move images of images.yml to newer tags, or add these beside them."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config import images_edit, images_file
from lsp_assembler.config.images_edit import Edit
from lsp_assembler.errors import FetchError, InvalidInputError, LockError, PublishError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.files.locking import locked
from lsp_assembler.lockfile import FILENAME
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import Version
from lsp_assembler.operations.chosen import Chosen, chosen
from lsp_assembler.operations.locked import wanted
from lsp_assembler.operations.newest import Standing, newest_of_each, standings
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import base_of, plan
from lsp_assembler.operations.request import DEFAULT_FILE, ReadRequest
from lsp_assembler.operations.side_by_side import refuse_namesakes
from lsp_assembler.reading import read_file
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_CHECK = "Check the folder and its permissions."


class UpdateRequest(ReadRequest, frozen=True, kw_only=True):
    """What to update, and how.

    Args:
        names: images as images.yml lists them, or the last parts of their names; their tags are only needed
            if there are several of a name. The second of two may be a version or a commit instead, e.g.
            ("python_unittest", "3.7.5-1").
        all: every image of the list, in place of names. Those whose tag moves are left alone.
        keep: whether images stay, and the new versions come beside them.
        dry_run: whether nothing is written.
        file: None for ./images.yml.
    """

    names: Sequence[str] = ()
    all: bool = False
    keep: bool = False
    dry_run: bool = False
    file: Path | None = None


class UpdateResult(Struct, frozen=True):
    """What became of the entries of images.yml.

    Args:
        request: what was to be done.
        path: of images.yml.
        standings: of each entry that was asked for; those with the state "newer" now have its version.
        is_newest: whether the newest was looked for, and not a tag that the request names.
        place: where it was looked for, as sentences call it, e.g. "the engine".
        is_local: whether that is a place with no more than somebody has put there.
        stale_lock: the lock file that does not fit any more; None if there is none.
    """

    request: UpdateRequest
    path: Path
    standings: tuple[Standing, ...]
    is_newest: bool
    place: str
    is_local: bool
    stale_lock: Path | None = None

    @property
    def exit_status(self) -> int:
        """Always 0: that there is nothing newer is no failure."""
        return 0


def update(request: UpdateRequest, observer: Observer = SILENT) -> UpdateResult:
    """Move images to newer immutable tags, all or none; nothing else in the file changes.

    From an engine the newest is that of the images that it has; from a registry that of all published.

    Raises:
        InvalidInputError: the request or images.yml is wrong, or does not list an image; or what is kept and
            what is added beside it have the same display_name.
        FetchError: there is no such version, or a store cannot be asked; all failures.
        PublishError: images.yml cannot be written.
    """
    spec = StoreSpec.source(request.from_store)
    path = request.file or DEFAULT_FILE
    listed = images_file.load(str(path), is_named=request.file is not None)
    if request.all == bool(request.names):
        fact = "both names and --all are given" if request.all else "no image is named"
        raise InvalidInputError(f"update: {fact}", "Name images of images.yml, or give --all.")
    picked = chosen(request.names, listed.images, path, keep=request.keep)
    with Stores(request.stores, request.environ, observer.notice, listed.registries) as stores:
        store = stores.reader(spec)
        if request.all:
            found = standings(store, listed.images, request.jobs)
        else:
            found = _of_chosen(store, picked, request.jobs)
        edits = _edits(found, request, path)
        if request.keep:
            refuse_namesakes(store, edits, listed.images, path, request.jobs)
    with observer.critical():
        _write(path, edits, dry_run=request.dry_run)
    lock = path.parent / FILENAME
    is_stale = bool(edits) and not request.dry_run and lock.exists() and not _fits(lock, path)
    is_newest, is_local = picked.tag is None, not store.is_shared
    return UpdateResult(request, path, found, is_newest, store.place, is_local, lock if is_stale else None)


def _edits(found: Sequence[Standing], request: UpdateRequest, path: Path) -> list[Edit]:
    """What changes; raises what failed."""
    failures = [each.error for each in found if each.error]
    if failures:
        raise failures[0] if len(failures) == 1 else _all_of(failures, path)
    return [
        Edit(each.entry, str(Reference.parse(each.entry.text).with_tag(each.version.tag)), request.keep)
        for each in found
        if each.version
    ]


def _fits(lock: Path, path: Path) -> bool:
    """Whether a lock file is for what images.yml asks for now."""
    from lsp_assembler.lockfile.diff import diff, staleness
    from lsp_assembler.lockfile.file import load

    try:
        planned = plan((), path)
        differences = diff(load(lock), wanted(planned, base_of(planned, None)), {})
    except (InvalidInputError, LockError):
        return False
    return not staleness(differences, str(lock), str(path))


def _of_chosen(store: ImageSource, picked: Chosen, jobs: int | None) -> tuple[Standing, ...]:
    """How the named entries stand, each by itself, whatever else is in the list."""
    references = [Reference.parse(entry.text) for entry in picked.entries]
    if picked.tag:
        found: Sequence[Version | FetchError | None] = [_existing(store, references[0], picked.tag)]
    else:
        found = newest_of_each(store, references, jobs)
    return tuple(map(_standing, picked.entries, found))


def _standing(entry: Source, found: Version | FetchError | None) -> Standing:
    if isinstance(found, FetchError):
        return Standing(entry, "failed", error=found)
    if found is None or found.tag == Reference.parse(entry.text).tag:
        return Standing(entry, "newest")
    return Standing(entry, "newer", found)


def _existing(store: ImageSource, old: Reference, tag: str) -> Version:
    """A tag that the request names.

    Raises:
        FetchError: there is no such image, or nobody can say.
    """
    new = old.with_tag(tag)
    if store.digest(new) is None:
        raise FetchError(
            f"{new}: no such image in {store.place}",
            f"'lsp-assembler tags {old.name}' lists those that exist.",
            kind="not-found",
        )
    return Version(tag)


def _all_of(failures: Sequence[FetchError], path: Path) -> FetchError:
    remedy = f"{path} stays as it is. To leave these out, name the images to update."
    return FetchError(
        [line for each in failures for line in each.message.split("\n")], remedy, kind=failures[0].kind
    )


def _write(path: Path, edits: Sequence[Edit], *, dry_run: bool) -> None:
    """Change the file as it is now: others may have changed it while registries were asked."""
    if not edits:
        return
    try:
        if dry_run:
            _edited(path, edits)
            return
        with locked(path):
            write_file(_edited(path, edits), path, _CHECK)
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror}", _CHECK) from error


def _edited(path: Path, edits: Sequence[Edit]) -> bytes:
    now = {image.text: image for image in images_file.load(str(path)).images}
    gone = [each.entry.text for each in edits if each.entry.text not in now]
    if gone:
        problems = [f"{path}: '{text}' is not in the list any more" for text in gone]
        raise InvalidInputError(problems, "Somebody has changed the file meanwhile: run it again.")
    current = [Edit(now[each.entry.text], each.new, each.keep) for each in edits]
    return images_edit.edited(read_file(path), str(path), current)
