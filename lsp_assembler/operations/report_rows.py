"""Which versions of a report somebody wants to see. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lsp_assembler.model.language import Language, LanguageVersion


class Row(Struct, frozen=True):
    """One version of one LTF."""

    language: Language
    version: LanguageVersion

    @property
    def is_current(self) -> bool:
        """Whether it is the version that is compared with that of a month ago."""
        return self.version is self.language.current

    @property
    def slower(self) -> float | None:
        """See Language.slower; None for any other version."""
        return self.language.slower if self.is_current else None

    @property
    def grown(self) -> float | None:
        """See Language.grown; None for any other version."""
        return self.language.grown if self.is_current else None


class Filters(Struct, frozen=True):
    """What rows must be like. What is not known passes none of them.

    Args:
        all: whether versions count that are not in use.
        older_than: in days.
        slower: by more than so many percent than a month ago.
        grown: the same of the size of the language image.
        slowest: how many of those that are left, the slowest first; a test run that passes counts.
    """

    all: bool = False
    older_than: int | None = None
    slower: float | None = None
    grown: float | None = None
    slowest: int | None = None


def rows(languages: Sequence[Language], filters: Filters) -> list[Row]:
    """The rows that pass; in the order of the languages, unless the slowest are asked for."""
    found = [row for row in _all(languages) if _passes(row, filters)]
    if filters.slowest is None:
        return found
    timed = [row for row in found if row.version.green is not None]
    return sorted(timed, key=lambda row: row.version.green or 0, reverse=True)[: filters.slowest]


def _all(languages: Sequence[Language]) -> Iterator[Row]:
    return (Row(language, version) for language in languages for version in language.versions)


def _passes(row: Row, filters: Filters) -> bool:
    limits = (
        (row.version.age, filters.older_than),
        (row.slower, filters.slower),
        (row.grown, filters.grown),
    )
    return (filters.all or row.version.in_use) and all(
        figure is not None and figure > limit for figure, limit in limits if limit is not None
    )
