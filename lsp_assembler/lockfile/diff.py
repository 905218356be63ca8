"""What images.lock says x what images.yml and the stores say now -> what is different. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.lockfile.file import Lock
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType

State = Literal["unchanged", "moved", "added", "gone", "missing", "failed"]
"""Of a name: locked with the digest that it has now; with another one; only in images.yml; only in the
lock; no image has that name any more; or nobody could be asked."""

Answer = str | FetchError | None
"""What a store says of a name: its digest, None where there is no such image, or why it cannot say."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What images.yml and the command line ask for: names as they were written."""

    type: StartPointType
    base: str
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name.

    Args:
        locked: its digest in the lock; None if it is not there.
        now: its digest now; None if it is not known.
        problem: why it could not be asked; only where the state is "failed".
    """

    role: Literal["base", "image"]
    name: str
    state: State
    locked: str | None
    now: str | None
    problem: str | None = None

    @property
    def may_move(self) -> bool:
        """Whether the name is one that others may give to another image: no tag, :latest or :LSP."""
        try:
            return Reference.parse(self.name).moves
        except ValueError:
            return True  # a checkout's path

    @property
    def contradicts(self) -> bool:
        """Whether it moved, although its tag may not."""
        return self.state == "moved" and not self.may_move


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences between a lock and what is wanted.

    Args:
        locked_type: what the lock says the start points are; None where there is no lock yet.
        entries: the base, the images in the order of images.yml, then those that are gone.
        is_reordered: whether the images that both have stand in another order.
    """

    locked_type: StartPointType | None
    wanted_type: StartPointType
    entries: tuple[Entry, ...]
    is_reordered: bool

    @property
    def is_stale(self) -> bool:
        """Whether the lock would be another one if it were made now, as far as that is known."""
        changed = any(entry.state not in ("unchanged", "failed") for entry in self.entries)
        return changed or self.is_reordered or self.locked_type is not self.wanted_type

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong: a name that could not be asked comes before a stale lock."""
        if any(entry.state == "failed" for entry in self.entries):
            return FetchError.exit_status
        return LockError.exit_status if self.is_stale else 0

    def count(self, state: State) -> int:
        """How many names are in a state."""
        return sum(entry.state == state for entry in self.entries)


def drift(lock: Lock | None, wanted: Wanted, answers: Mapping[str, Answer]) -> Drift:
    """Compare.

    Args:
        lock: None counts as an empty one.
        answers: by name; a locked name that nobody was asked about counts as unchanged.
    """
    bases = {lock.base.name: lock.base.digest} if lock else {}
    images = {image.name: image.digest for image in lock.images} if lock else {}
    entries = (
        *_entries("base", bases, (wanted.base,), answers),
        *_entries("image", images, wanted.images, answers),
    )
    both = [name for name in wanted.images if name in images]
    is_reordered = both != [name for name in images if name in wanted.images]
    return Drift(lock.type if lock else None, wanted.type, entries, is_reordered)


def staleness(found: Drift, lock_path: str, wanted_by: str) -> list[str]:
    """Why a lock cannot stand for what is wanted, a sentence each; [] if it can.

    Args:
        wanted_by: who wants it, e.g. "images.yml".
    """
    reasons = []
    if found.locked_type is not found.wanted_type:
        reasons.append(f"the type is locked as {found.locked_type}; {wanted_by} wants {found.wanted_type}")
    for entry in found.entries:
        what = "the base " if entry.role == "base" else ""
        if entry.state == "added":
            reasons.append(f"{what}{entry.name} is wanted by {wanted_by}; it is not locked")
        elif entry.state == "gone":
            reasons.append(f"{what}{entry.name} is locked; {wanted_by} does not want it")
    if found.is_reordered:
        reasons.append(f"the images are locked in another order than {wanted_by} wants")
    return [f"{lock_path}: {reason}" for reason in reasons]


def contradictions(lock: Lock, found: Iterable[tuple[str, str]]) -> list[str]:
    """Every name whose tag may not move and yet did, a sentence each.

    Args:
        found: names and their digests now; names that are not locked say nothing.
    """
    locked = {lock.base.name: lock.base.digest} | {image.name: image.digest for image in lock.images}
    entries = [
        Entry("image", name, "moved", locked[name], digest)
        for name, digest in found
        if name in locked and locked[name] != digest
    ]
    return [
        f"{entry.name}: its tag moved, and only :LSP and :latest may; "
        f"it is locked as {entry.locked}, and is {entry.now} now"
        for entry in entries
        if entry.contradicts
    ]


def _entries(
    role: Literal["base", "image"],
    locked: Mapping[str, str],
    wanted: Sequence[str],
    answers: Mapping[str, Answer],
) -> list[Entry]:
    gone = [Entry(role, name, "gone", digest, None) for name, digest in locked.items() if name not in wanted]
    return [_entry(role, name, locked.get(name), answers) for name in wanted] + gone


def _entry(
    role: Literal["base", "image"], name: str, locked: str | None, answers: Mapping[str, Answer]
) -> Entry:
    if name not in answers:
        return Entry(role, name, "added" if locked is None else "unchanged", locked, None)
    answer = answers[name]
    if isinstance(answer, FetchError):
        return Entry(role, name, "failed", locked, None, str(answer))
    if answer is None:
        return Entry(role, name, "missing", locked, None)
    state: State = "added" if locked is None else "unchanged" if answer == locked else "moved"
    return Entry(role, name, state, locked, answer)
