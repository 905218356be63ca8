"""The versions of one LSP image: which tags never move, and which of them is newest. Pure.

A tag LSP-TAG never moves. Where TAG is a version, as in LSP-3.7.4-18, versions have an order. Where it is the
beginning of a commit, as in LSP-9f53889, it has none, and the date of the image decides; of several with one
date, what the tag LSP stands for.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from lsp_assembler.model.dates import epoch_of

MOVING_TAG = "LSP"
PREFIX = "LSP-"

Order = Literal["version", "created"]
"""What decides which tag is newer."""

_COMMIT = re.compile(r"[0-9a-f]{7}")
_TOKEN = re.compile(r"\d+|[a-z]+|[-+]")
# Words that come before the version itself, as in 3.13.0-rc1: a single letter only with a number after it.
_BEFORE = re.compile(r"[-+._]?(?:(?:alpha|beta|preview|pre|rc|dev)(?![a-z])|[abc](?=\d))")
_NO_DATE = -(2**62)
_PRE, _END, _BUILD, _WORD, _NUMBER = range(5)

_Key = tuple[tuple[int, int, str], ...]


class Version(Struct, frozen=True):
    """One tag of a repository.

    Args:
        tag: e.g. "LSP-3.7.4-18".
        created: when, in RFC 3339, where the image says so.
        digest: e.g. "sha256:9f86…"; "" where it is not known.
        revision: the commit it was packed from, where the image says so.
        title: what learners call it, e.g. "Elm 0.19, elm-test", where the image says so.
        problem: why nothing else is known of it; "" where there is no problem.
    """

    tag: str
    created: str | None = None
    digest: str = ""
    revision: str | None = None
    title: str | None = None
    problem: str = ""

    @property
    def moves(self) -> bool:
        """Whether the tag may stand for another image tomorrow."""
        return self.tag in (MOVING_TAG, "latest")


def is_lsp_tag(tag: str) -> bool:
    """Whether an image of this tag is an LSP image, which holds only a start point."""
    return tag == MOVING_TAG or tag.startswith(PREFIX)


def lsp_tag(name: str) -> str:
    """The LSP tag of a version or a commit: "3.7.4-18" gives "LSP-3.7.4-18"; an LSP tag is left as it is."""
    return name if is_lsp_tag(name) else f"{PREFIX}{name}"


def is_lsp(tag: str) -> bool:
    """Whether a tag is that of an LSP image: LSP or LSP-TAG."""
    return tag == MOVING_TAG or is_immutable(tag)


def is_immutable(tag: str) -> bool:
    """Whether a tag is LSP-TAG, which never moves."""
    return tag.startswith(PREFIX) and tag != PREFIX


def is_commit(tag: str) -> bool:
    """Whether a tag names a commit: 7 hexadecimal digits, e.g. "LSP-9f53889"."""
    return _COMMIT.fullmatch(tag.removeprefix(PREFIX)) is not None


def order_of(tags: Iterable[str]) -> Order:
    """What decides among tags: their versions, unless one of them is a commit."""
    return "created" if any(map(is_commit, tags)) else "version"


def newest_first(versions: Iterable[Version]) -> tuple[Version, ...]:
    """The versions of one repository in order.

    First the tag LSP, then every LSP-TAG from the newest to the oldest, then all others likewise.
    Among those with one date where dates decide, what LSP stands for is first. Among equals, and among those
    without a date where dates decide, versions and then letters count.
    """
    groups: tuple[list[Version], ...] = ([], [], [])
    for version in versions:
        groups[0 if version.tag == MOVING_TAG else 1 if is_immutable(version.tag) else 2].append(version)
    offered = next((version.digest for version in groups[0]), "")
    return tuple(version for group in groups for version in _newest_first(group, offered))


def newer(current: str, versions: Iterable[Version]) -> Version | None:
    """The newest of the tags that never move, unless the current one is as new.

    A current tag that is not among them, say because its image was removed, counts as older where there is
    no telling.

    Args:
        current: a tag, e.g. "LSP-3.7.4-18", or one that moves.
        versions: of the same repository; LSP, if it is among them, decides between those of one date.
    """
    versions = [version for version in versions if is_lsp(version.tag)]
    found = [version for version in newest_first(versions) if is_immutable(version.tag)]
    if not found or found[0].tag == current:
        return None
    best = found[0]
    if order_of([current, *(version.tag for version in found)]) == "created":
        offered = [version.digest for version in versions if version.tag == MOVING_TAG]
        mine = [version for version in found if version.tag == current]
        if mine and mine[0].digest and mine[0].digest == best.digest:
            return None  # one image with two tags
        return best if not mine or best.digest in offered or is_older_than(mine[0], best) else None
    if is_immutable(current):
        return best if version_key(best.tag) > version_key(current) else None
    return best


def is_older_than(one: Version, other: Version) -> bool:
    """Whether a date is before another; what has no date is older than all that has one."""
    return _date(one) < _date(other)


def version_key(tag: str) -> _Key:
    """What versions are compared by: LSP-3.7.4-18 < LSP-3.7.5-1 < LSP-3.10.0-1.

    Numbers count as numbers. A build comes after its version (3.7.4 < 3.7.4-1 < 3.7.4.1), a release
    candidate before (3.13.0-rc1 < 3.13.0), other words in between (1.1.1 < 1.1.1w < 1.1.1.1).
    """
    text = tag.removeprefix(PREFIX).lower()
    text = re.sub(r"^v(?=\d)", "", text)
    key: list[tuple[int, int, str]] = []
    position = 0
    while position < len(text):
        before = _BEFORE.match(text, position) if key else None
        token = before or _TOKEN.match(text, position)
        position = token.end() if token else position + 1
        if before:
            key.append((_PRE, 0, before[0].lstrip("-+._")))
        elif token:
            key.append(_part(token[0]))
    return (*key, (_END, 0, ""))


def _part(piece: str) -> tuple[int, int, str]:
    if piece in "-+":
        return _BUILD, 0, ""
    # A tag has at most 128 characters: no number in it is too long for int().
    return (_NUMBER, int(piece), "") if piece.isdecimal() else (_WORD, 0, piece)


def _newest_first(group: Sequence[Version], offered: str) -> list[Version]:
    dated = order_of(version.tag for version in group) == "created"

    def key(version: Version) -> tuple[int, bool, _Key, int, str]:
        date = _date(version)
        is_offered = dated and bool(offered) and version.digest == offered
        return (date if dated else 0), is_offered, version_key(version.tag), date, version.tag

    return sorted(group, key=key, reverse=True)


def _date(version: Version) -> int:
    epoch = epoch_of(version.created)
    return _NO_DATE if epoch is None else epoch
