"""images.lock x what images.yml asks for and the stores have now -> the differences. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.lockfile.file import Lock, LockedImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType

State = Literal["unchanged", "moved", "added", "gone", "missing", "failed"]
"""The state of a name: locked with its current digest; locked with another one; only in images.yml; only in
the lock; no image has the name any more; or the store did not answer."""

CurrentDigest = str | FetchError | None
"""What a store says about a name: its digest, None if there is no such image, or why it cannot say."""


class Words(Struct, frozen=True):
    """What people call an image.

    Args:
        revision: the commit it was packed from; None where nobody knows.
        title: e.g. "Elm 0.19, elm-test"; None likewise.
    """

    revision: str | None = None
    title: str | None = None


class Requested(Struct, frozen=True):
    """What images.yml and the command line ask for, each name as it is written."""

    type: StartPointType
    base: str
    images: tuple[str, ...]


class Entry(Struct, frozen=True):
    """One name.

    Args:
        locked: its digest in the lock; None if it is not in the lock.
        now: its current digest; None if that is not known.
        problem: why the store did not answer; only if the state is "failed".
        locked_words: what the lock says of the image.
        words: what it says of itself now, where that is known.
    """

    role: Literal["base", "image"]
    name: str
    state: State
    locked: str | None
    now: str | None
    problem: str | None = None
    locked_words: Words = Words()
    words: Words = Words()

    @property
    def may_move(self) -> bool:
        """Whether the name may become another image's: no tag, :latest or :LSP."""
        try:
            return Reference.parse(self.name).moves
        except ValueError:
            return True  # the path of a checkout

    @property
    def contradicts(self) -> bool:
        """Whether it moved, although its tag may not."""
        return self.state == "moved" and not self.may_move


class LockDiff(Struct, frozen=True):
    """All differences between a lock and what is requested.

    Args:
        locked_type: the type in the lock; None if there is no lock yet.
        entries: the base, the images in the order of images.yml, then those that are gone.
        is_reordered: whether the images that are in both have another order.
    """

    locked_type: StartPointType | None
    requested_type: StartPointType
    entries: tuple[Entry, ...]
    is_reordered: bool

    @property
    def is_stale(self) -> bool:
        """Whether a new lock would be different, as far as that is known."""
        changed = any(entry.state not in ("unchanged", "failed") for entry in self.entries)
        return changed or self.is_reordered or self.locked_type is not self.requested_type

    @property
    def exit_status(self) -> int:
        """0, or the status of the error; a store that did not answer comes before a stale lock."""
        if any(entry.state == "failed" for entry in self.entries):
            return FetchError.exit_status
        return LockError.exit_status if self.is_stale else 0

    def count(self, state: State) -> int:
        """How many names have a state."""
        return sum(entry.state == state for entry in self.entries)


def diff(
    lock: Lock | None,
    requested: Requested,
    current: Mapping[str, CurrentDigest],
    words: Mapping[str, Words] | None = None,
) -> LockDiff:
    """Compare a lock with what is requested.

    Args:
        lock: None counts as an empty one.
        current: by name; a locked name that is not in it counts as unchanged.
        words: what images say of themselves now, by name; None where nobody has asked.
    """
    bases = {lock.base.name: lock.base.digest} if lock else {}
    images = {image.name: image.digest for image in lock.images} if lock else {}
    known = {image.name: words_of(image) for image in lock.images} if lock else {}
    entries = tuple(
        replace(
            entry,
            locked_words=known.get(entry.name, entry.locked_words),
            words=(words or {}).get(entry.name, entry.words),
        )
        for entry in (
            *_entries("base", bases, (requested.base,), current),
            *_entries("image", images, requested.images, current),
        )
    )
    both = [name for name in requested.images if name in images]
    is_reordered = both != [name for name in images if name in requested.images]
    return LockDiff(lock.type if lock else None, requested.type, entries, is_reordered)


def words_of(image: LockedImage) -> Words:
    """What a lock says of an image."""
    return Words(image.revision, " · ".join(image.display_names) or None)


def staleness(found: LockDiff, lock_path: str, source: str) -> list[str]:
    """Every reason why a lock is not for what is requested.

    Args:
        source: of the request, e.g. "images.yml".
    """
    reasons = []
    if found.locked_type is not found.requested_type:
        reasons.append(f"the type is {found.locked_type}; {source} says {found.requested_type}")
    for entry in found.entries:
        what = "the base " if entry.role == "base" else ""
        if entry.state == "added":
            reasons.append(f"{what}{entry.name} is in {source}, but not locked")
        elif entry.state == "gone":
            reasons.append(f"{what}{entry.name} is locked, but not in {source}")
    if found.is_reordered:
        reasons.append(f"the images are in a different order than in {source}")
    return [f"{lock_path}: {reason}" for reason in reasons]


def contradictions(lock: Lock, found: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence for every tag that moved although it may not.

    Args:
        found: names and their current digests; names that are not locked do not matter.
    """
    locked = {lock.base.name: lock.base.digest} | {image.name: image.digest for image in lock.images}
    entries = [
        Entry("image", name, "moved", locked[name], digest)
        for name, digest in found
        if name in locked and locked[name] != digest
    ]
    return [
        f"{entry.name}: its tag moved from {entry.locked} to {entry.now}; only :LSP and :latest may move"
        for entry in entries
        if entry.contradicts
    ]


def _entries(
    role: Literal["base", "image"],
    locked: Mapping[str, str],
    requested: Sequence[str],
    current: Mapping[str, CurrentDigest],
) -> list[Entry]:
    gone = [
        Entry(role, name, "gone", digest, None) for name, digest in locked.items() if name not in requested
    ]
    return [_entry(role, name, locked.get(name), current) for name in requested] + gone


def _entry(
    role: Literal["base", "image"], name: str, locked: str | None, current: Mapping[str, CurrentDigest]
) -> Entry:
    if name not in current:
        return Entry(role, name, "added" if locked is None else "unchanged", locked, None)
    now = current[name]
    if isinstance(now, FetchError):
        return Entry(role, name, "failed", locked, None, str(now))
    if now is None:
        return Entry(role, name, "missing", locked, None)
    state: State = "added" if locked is None else "unchanged" if now == locked else "moved"
    return Entry(role, name, state, locked, now)
