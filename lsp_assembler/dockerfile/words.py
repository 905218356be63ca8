"""The words of an instruction: where each one ends, and what quotes and backslashes in it mean.

Follows the sections "Environment replacement", "ENV", "LABEL" and "Shell and exec form" of the Dockerfile
reference and, where they say nothing, what Docker Engine 20.10 does. Pure. A ValueError says what is wrong in
words that can follow "'ENV A': ".
"""

import json
import re

NEEDS_ENGINE = "needs a Docker Engine"

_SPACE = r"[^\S\x1c-\x1f]"  # these four are white space only to Python
_WORD = re.compile(
    r"""(?:[^\\'"\s]|[\x1c-\x1f]|\\(?:.|$)|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$))+""", re.DOTALL
)
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.?)|(?P<plain>[^'"\\]+)""", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of ENV and LABEL, in either of their forms, with their quotes.

    `pairs('A="b c" D=e')` is `[("A", '"b c"'), ("D", "e")]`, and `pairs("A b c")` is `[("A", "b c")]`.
    """
    found = _WORD.findall(text)
    if not found:
        raise ValueError("the value is missing; expected NAME=VALUE")
    if "=" not in found[0]:
        name, *value = re.split(rf"{_SPACE}+", text, maxsplit=1)
        if not value:
            raise ValueError(f"{name} has no value; expected NAME=VALUE")
        return [(name, value[0])]
    for word in found:
        if "=" not in word:
            raise ValueError(f'{word} has no value; put a value with spaces in quotes, as in NAME="A B"')
        if word.startswith("="):
            raise ValueError(f"{word} has no name; expected NAME=VALUE")
    return [(name, value) for name, _, value in (word.partition("=") for word in found)]


def exec_form(text: str) -> list[str] | None:
    """The words of the JSON form, e.g. `["a", "b"]`; None if the text does not have that form.

    As in Docker, text that only starts like JSON is no error, and what follows a good list is ignored.
    """
    if not text.startswith("["):
        return None
    try:
        words, _ = json.JSONDecoder(parse_constant=_refuse).raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in words):
        raise ValueError('the list holds something other than strings; expected e.g. ["./up.sh", "4524"]')
    return [_LONE_SURROGATE.sub("\ufffd", word) for word in words]


def _refuse(constant: str) -> None:
    """NaN and Infinity are JSON only to Python."""
    raise ValueError(constant)


def unquoted(text: str) -> str:
    r"""What a word means, its quotes and backslashes gone: `'"a b"\ c'` is "a b c".

    In double quotes a backslash escapes only `"`, `$` and itself; in single quotes nothing is special.
    """
    parts, at = [], 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ValueError(f"the quotation mark {text[at]} is not closed")
        parts.append(_meaning(piece))
        at = piece.end()
    return "".join(parts)


def _meaning(piece: re.Match[str]) -> str:
    text = piece[piece.lastgroup or 0]
    if piece.lastgroup in ("single", "escaped"):
        return text
    if "$" in _ESCAPE.sub("", text):
        raise ValueError(rf"a variable {NEEDS_ENGINE}; write '\$$' for a dollar sign")
    return _ESCAPE.sub(lambda escape: escape[1 if escape[1] in '"$\\' else 0], text)
