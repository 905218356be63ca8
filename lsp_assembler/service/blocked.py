"""Start points that a policy blocks."""

from enum import StrEnum

from msgspec import Struct


class BlockedShown(StrEnum):
    """How start points are shown that are blocked."""

    MARK = "mark"
    HIDE = "hide"


class Blocked(Struct, frozen=True):
    """Why nobody may start with a start point, e.g. "image-too-old" and "it is 400 days old (…); …"."""

    rule: str
    reason: str
