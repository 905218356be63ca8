"""What each build of a history changed, compared with the one before it. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from lsp_assembler.operations.diff import paired
from lsp_assembler.operations.history import Build, BuiltFrom


class Updated(Struct, frozen=True):
    """A start point that was in both builds, and not the same."""

    old: BuiltFrom
    new: BuiltFrom


class BuildChanges(Struct, frozen=True):
    """What one build changed.

    Args:
        before: the build before it; None for the first one, of which all start points count as added.
        same: how many start points are what they were.
    """

    build: Build
    before: Build | None
    added: tuple[BuiltFrom, ...]
    removed: tuple[BuiltFrom, ...]
    updated: tuple[Updated, ...]
    same: int

    @property
    def has_new_base(self) -> bool:
        """Whether the base image is another one."""
        return self.before is not None and self.before.base != self.build.base

    @property
    def is_new_image(self) -> bool:
        """Whether its image is another one than that of the build before it."""
        return self.before is None or self.before.digest != self.build.digest


def changes(history: Sequence[Build]) -> list[BuildChanges]:
    """What every build changed, in the same order. Start points belong together as they do for `diff`.

    Args:
        history: in the order in which they were built.
    """
    return [_changes(before, build) for before, build in zip([None, *history], history, strict=False)]


def _changes(before: Build | None, build: Build) -> BuildChanges:
    pairs, removed, added = paired(before.start_points if before else (), build.start_points)
    updated = tuple(Updated(old, new) for old, new in pairs if old != new)
    same = len(pairs) - len(updated)
    return BuildChanges(build, before, tuple(added), tuple(removed), updated, same)
