"""Lists in manifests: whether they hold names, and what they hold twice."""

import json
from collections.abc import Iterator
from typing import Any

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted


def are_names(value: Any) -> bool:
    """Whether a value is a list of non-empty strings; the list itself may be empty."""
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)


def duplicates(manifest: Manifest, key: str) -> Iterator[Problem]:
    """One problem for each value that the list under this key holds more than once.

    Numbers are equal by value, 1 and 1.0, as in Ruby; but true is not 1, as it is in Python.
    """
    value = manifest.data[key]
    positions: dict[tuple[str, Any], list[int]] = {}
    for position, element in enumerate(value if isinstance(value, list) else []):
        positions.setdefault(_identity(element), []).append(position)
    for same in positions.values():
        if len(same) > 1:
            where = " and ".join(f"{key}[{position}]" for position in same[:5])
            message = f"{where} are the same, {quoted(value[same[0]])}; each must be there once"
            yield Problem(message, manifest.line_of(key, same[1]))


def _identity(value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return "string", value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", value
    return "other", json.dumps(value, sort_keys=True)
