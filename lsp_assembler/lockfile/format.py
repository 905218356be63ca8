"""What may stand in an images.lock: every problem of a document in one go. Pure."""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsp_assembler.model.images import SCRATCH
from lsp_assembler.model.start_point import StartPointType

SCHEMA = 1
"""Goes up with every change of the format: a version that does not know it must not guess."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_MAX_SHOWN = 60

_Check = tuple[Callable[[Any], bool], str]
"""Whether a value is right, and what was expected."""


def problems_of(document: Any) -> list[str]:
    """What is wrong with a parsed lock file, e.g. ["base.name is 7; expected a name"]; [] if nothing is."""
    problems = _problems(document, "", _TOP)
    if not isinstance(document, dict):
        return problems
    base, images = document.get("base"), document.get("images")
    if isinstance(base, dict):
        problems += _problems(base, "base", _BASE)
        if base.get("digest") == "" and base.get("name") != SCRATCH:
            problems.append(f"base.digest is empty; expected {_A_DIGEST}, as the base is not '{SCRATCH}'")
    if isinstance(images, list):
        for place, image in enumerate(images):
            problems += _problems(image, f"images[{place}]", _IMAGE)
        problems += _misplaced([image if isinstance(image, dict) else {} for image in images])
    return problems


def _problems(value: Any, place: str, checks: Mapping[str, _Check]) -> list[str]:
    """The members of one object that are wrong, missing or unknown."""
    if not isinstance(value, dict):
        return [f"{place or 'the file'} is {_shown(value)}; expected an object"]
    prefix = f"{place}." if place else ""
    found = [
        f"{prefix}{_shown(key)[1:-1]} is unknown; {_hint(key, checks)}" for key in value if key not in checks
    ]
    for key, (is_right, expected) in checks.items():
        if key not in value:
            found.append(f"{prefix}{key} is missing; expected {expected}")
        elif not is_right(value[key]):
            found.append(f"{prefix}{key} is {_shown(value[key])}; expected {expected}")
    return found


def _misplaced(images: Sequence[Mapping[str, Any]]) -> list[str]:
    """Indexes that are not those of the list, and names that stand there twice."""
    problems = []
    first: dict[str, int] = {}
    for place, image in enumerate(images):
        index, name = image.get("index"), image.get("name")
        if _is_whole(index) and index != place:
            problems.append(f"images[{place}].index is {index}; expected {place}, its place in the list")
        if _is_text(name) and first.setdefault(str(name), place) != place:
            again = f"images[{place}].name is {_shown(name)}, as is that of images[{first[str(name)]}]"
            problems.append(f"{again}; expected each name once")
    return problems


def _hint(key: str, checks: Mapping[str, _Check]) -> str:
    *most, last = checks
    close = difflib.get_close_matches(key[:_MAX_SHOWN], checks, 1)
    return f"did you mean '{close[0]}'?" if close else f"expected {', '.join(most)} or {last}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


_A_DIGEST = "sha256: and 64 hex digits (or sha512: and 128)"
_NAME: _Check = (_is_text, "a name")
_MAYBE: _Check = (lambda value: value is None or isinstance(value, str), "a string or null")
_TEXTS: _Check = (_is_texts, "a list of strings")
_TOP: Mapping[str, _Check] = {
    "schema": (lambda value: _is_whole(value) and value == SCHEMA, str(SCHEMA)),
    "type": (lambda value: value in list(StartPointType), "languages, custom or exercises"),
    "base": (lambda value: isinstance(value, dict), "an object"),
    "images": (lambda value: isinstance(value, list), "a list"),
}
_BASE: Mapping[str, _Check] = {
    "name": _NAME,
    "digest": (lambda value: value == "" or _is_digest(value), _A_DIGEST),
    "platforms": (
        lambda value: isinstance(value, dict) and all(map(_is_digest, value.values())),
        "an object of digests by platform",
    ),
}
_IMAGE: Mapping[str, _Check] = {
    "index": (_is_whole, "a whole number"),
    "name": _NAME,
    "digest": (_is_digest, _A_DIGEST),
    "created": _MAYBE,
    "revision": _MAYBE,
    "source": _MAYBE,
    "display_names": _TEXTS,
    "image_names": _TEXTS,
}
