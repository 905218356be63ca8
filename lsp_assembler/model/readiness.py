"""How far a node is with the language images that its learners will ask for."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct

PULLS = 2
"""How many language images are pulled at once by default: an engine pulls several layers of each already."""


class Required(StrEnum):
    """How many language images readiness needs."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


class Readiness(Struct, frozen=True):
    """Whether learners can start, and what is missing.

    Args:
        ready: whether all that is needed is there. Once true it stays true.
        pulled: how many language images the node has.
        of: how many it is to have.
        failed: why images are not there yet, by name, e.g. {"acme/elm:4edf92a": "no such image"}; they are
            tried again.
        missing: the names of all that are not there yet, as manifests spell them.
    """

    ready: bool
    pulled: int = 0
    of: int = 0
    failed: Mapping[str, str] = {}
    missing: Collection[str] = frozenset()
