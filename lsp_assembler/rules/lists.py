"""Lists in manifests: whether they hold names, and what they hold twice."""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted

_MOST_PLACES = 5
_PLAIN_HASH = 2**53


def are_names(value: Any) -> bool:
    """Whether a value is a list of non-empty strings; the list itself may be empty."""
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)


def duplicates(manifest: Manifest, key: str) -> Iterator[Problem]:
    """One problem for each value that the list under this key holds more than once.

    Numbers are equal by value, 1 and 1.0, as in Ruby; but true is not 1, as it is in Python.
    """
    value = manifest.data[key]
    elements = value if isinstance(value, list) else []
    repeated = _repeated(elements)
    positions: dict[str | float | tuple[str, str], list[int]] = {}
    for position, element in enumerate(elements if repeated else ()):
        identity = _identity(element)
        if identity in repeated:
            same = positions.setdefault(identity, [])
            if len(same) < _MOST_PLACES:
                same.append(position)
    for same in positions.values():
        where = " and ".join(f"{key}[{position}]" for position in same)
        message = f"{where} are the same, {quoted(value[same[0]])}; each must be there once"
        yield Problem(message, manifest.line_of(key, same[1]))


def _repeated(elements: Sequence[Any]) -> set[str | float | tuple[str, str]]:
    """The identities of the elements that are there more than once."""
    seen: set[str | float | tuple[str, str]] = set()
    repeated: set[str | float | tuple[str, str]] = set()
    for element in elements:
        identity = _identity(element)
        (repeated if identity in seen else seen).add(identity)
    return repeated


def _identity(value: Any) -> str | float | tuple[str, str]:
    """Something that equal values have in common, and no others.

    Python hashes numbers beyond 2**61 so that anybody can find thousands with one hash, which a set takes
    forever for; of texts nobody can.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "other", json.dumps(value, sort_keys=True)
    if isinstance(value, int) and abs(value) > _PLAIN_HASH:
        as_float = float(value) if abs(value) <= sys.float_info.max else math.inf
        return as_float if as_float == value else ("number", str(value))
    return value
