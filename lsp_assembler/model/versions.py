"""The versions of one LSP image: which tags never move, and which of them is newest. Pure.

A tag LSP-TAG never moves. Where TAG is a version, as in LSP-3.7.4-18, versions have an order. Where it is the
beginning of a commit, as in LSP-9f53889, it has none, and the date of the image decides.
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
_PRE, _END, _BUILD, _WORD, _NUMBER = range(5)

_Key = tuple[tuple[int, int, str], ...]


class Version(Struct, frozen=True):
    """One tag of a repository.

    Args:
        tag: e.g. "LSP-3.7.4-18".
        created: when, in RFC 3339, where the image says so.
        digest: e.g. "sha256:9f86…"; "" where it is not known.
        revision: the commit it was packed from, where the image says so.
        problem: why nothing else is known of it; "" where there is no problem.
    """

    tag: str
    created: str | None = None
    digest: str = ""
    revision: str | None = None
    problem: str = ""

    @property
    def moves(self) -> bool:
        """Whether the tag may stand for another image tomorrow."""
        return self.tag in (MOVING_TAG, "latest")


def lsp_tag(name: str) -> str:
    """The LSP tag of a version or a commit: "3.7.4-18" gives "LSP-3.7.4-18"; an LSP tag is left as it is."""
    return name if name == MOVING_TAG or name.startswith(PREFIX) else f"{PREFIX}{name}"


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
    Among equals, and among those without a date where dates decide, versions and then letters count.
    """
    groups: tuple[list[Version], ...] = ([], [], [])
    for version in versions:
        groups[0 if version.tag == MOVING_TAG else 1 if is_immutable(version.tag) else 2].append(version)
    return tuple(version for group in groups for version in _newest_first(group))


def newer(current: str, versions: Iterable[Version]) -> Version | None:
    """The newest of the tags that never move, unless the current one is as new.

    A current tag that is not among them, say because its image was removed, counts as older where there is
    no telling.

    Args:
        current: a tag, e.g. "LSP-3.7.4-18", or one that moves.
        versions: of the same repository.
    """
    found = newest_first(version for version in versions if is_immutable(version.tag))
    if not found or found[0].tag == current:
        return None
    tags = [current, *(version.tag for version in found)]
    if is_immutable(current) and order_of(tags) == "version":
        return found[0] if version_key(found[0].tag) > version_key(current) else None
    return found[0]


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


def _newest_first(group: Sequence[Version]) -> list[Version]:
    dated = order_of(version.tag for version in group) == "created"

    def key(version: Version) -> tuple[int, _Key, int, str]:
        epoch = epoch_of(version.created)
        date = -(2**62) if epoch is None else epoch  # what has no date is older than all that has one
        return (date if dated else 0), version_key(version.tag), date, version.tag

    return sorted(group, key=key, reverse=True)
