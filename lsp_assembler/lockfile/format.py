"""The format of images.lock: finds every problem of a document. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lsp_assembler.model.images import SCRATCH
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.text import choice, quoted, visible

SCHEMA = 1
"""Goes up with every change of the format: a version that does not know it must not guess."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

_Check = tuple[Callable[[Any], bool], str]
"""Whether a value is right, and what it should be."""


def problems_of(document: Any) -> list[str]:
    """The problems of a parsed lock file, e.g. ["base.name is 7; expected a name"].

    What is inside the base and the images is only looked at if the file as a whole is right.
    """
    problems = _problems(document, "", _TOP)
    if problems:
        return problems
    base, images = document["base"], document["images"]
    problems = _problems(base, "base", _BASE)
    if base.get("digest") == "" and base.get("name") != SCRATCH:
        problems.append(f"base.digest is empty; only '{SCRATCH}' has no digest")
    first: dict[Any, int] = {}
    for place, image in enumerate(images):
        subject = f"images[{place}]"
        problems += _problems(image, subject, {"index": _exactly(place), **_IMAGE})
        name = image.get("name") if isinstance(image, dict) else None
        if _is_text(name) and first.setdefault(name, place) != place:
            problems.append(f"{subject}.name is {quoted(name)}, the same as images[{first[name]}].name")
    return problems


def _problems(value: Any, subject: str, checks: Mapping[str, _Check]) -> list[str]:
    """The members of one object that are unknown, missing or wrong."""
    if not isinstance(value, dict):
        return [f"{subject or 'the file'} is {quoted(value)}; expected an object"]
    prefix = f"{subject}." if subject else ""
    found = [f"{prefix}{visible(key)} is unknown" for key in value if key not in checks]
    for key, (is_right, expected) in checks.items():
        if key not in value:
            found.append(f"{prefix}{key} is missing")
        elif not is_right(value[key]):
            found.append(f"{prefix}{key} is {quoted(value[key])}; expected {expected}")
    return found


def _exactly(number: int) -> _Check:
    return lambda value: type(value) is int and value == number, str(number)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _are_digests(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_digest, value.values()))


_NAME: _Check = (_is_text, "a name")
_MAYBE: _Check = (lambda value: value is None or isinstance(value, str), "a string or null")
_TEXTS: _Check = (_is_texts, "a list of strings")
_TOP: Mapping[str, _Check] = {
    "schema": _exactly(SCHEMA),
    "type": (lambda value: value in list(StartPointType), choice(StartPointType)),
    "base": (lambda value: isinstance(value, dict), "an object"),
    "images": (lambda value: isinstance(value, list), "a list"),
}
_BASE: Mapping[str, _Check] = {
    "name": _NAME,
    "digest": (lambda value: value == "" or _is_digest(value), "a digest"),
    "platforms": (_are_digests, "an object of digests"),
}
_IMAGE: Mapping[str, _Check] = {
    "name": _NAME,
    "digest": (_is_digest, "a digest"),
    "created": _MAYBE,
    "revision": _MAYBE,
    "source": _MAYBE,
    "display_names": _TEXTS,
    "image_names": _TEXTS,
}
