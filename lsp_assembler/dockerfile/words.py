"""The words of a Dockerfile: where one ends, what quotes and backslashes mean, what variables become.

Follows the sections "Environment replacement", "ENV", "LABEL" and "Shell and exec form" of the Dockerfile
reference and, where they say nothing, what Docker Engine 20.10 does. Pure; a ValueError says what is wrong
in words that can follow "'ENV A': ".
"""

import json
import re
from collections.abc import Mapping

_SPACE = r"[^\S\x1c-\x1f]"  # these four are white space to Python alone
_WORD = re.compile(
    r"""(?:[^\\'"\s]|[\x1c-\x1f]|\\(?:.|$)|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$))+""", re.DOTALL
)
_NAME = re.compile(r"\d+|[@*#?\-$!]|\w*")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def pairs(text: str) -> list[tuple[str, str]]:
    """The raw names and values of ENV and LABEL, in either of their forms; to be expanded.

    `pairs('A="b c" D=e')` is `[("A", '"b c"'), ("D", "e")]`, and `pairs("A b c")` is `[("A", "b c")]`.
    """
    found = _WORD.findall(text)
    if not found:
        raise ValueError("it says nothing; expected NAME=VALUE")
    if "=" not in found[0]:
        name, *value = re.split(rf"{_SPACE}+", text, maxsplit=1)
        if not value:
            raise ValueError(f"{name} has no value; expected NAME=VALUE")
        return [(name, value[0])]
    for word in found:
        if "=" not in word:
            raise ValueError(f"{word} has no value; expected NAME=VALUE, with quotes around white space")
        if word.startswith("="):
            raise ValueError(f"{word} has no name; expected NAME=VALUE")
    return [(name, value) for name, _, value in (word.partition("=") for word in found)]


def exec_form(text: str) -> list[str] | None:
    """The words of the JSON form, e.g. `["a", "b"]`; None if the text is not in that form.

    As in Docker, text that begins like JSON but is not is no error, and what follows a good list is ignored.
    """
    if not text.startswith("["):
        return None
    try:
        words, _ = json.JSONDecoder(parse_constant=_refuse).raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in words):
        raise ValueError('it lists what is not a string; expected a list such as ["./up.sh", "4524"]')
    return [_LONE_SURROGATE.sub("\ufffd", word) for word in words]


def _refuse(constant: str) -> None:
    """NaN and Infinity are JSON to Python alone."""
    raise ValueError(constant)


def expand(text: str, env: Mapping[str, str]) -> str:
    """What a word means: quotes and backslashes gone, variables replaced.

    `expand('"$HOME/bin"', {"HOME": "/root"})` is "/root/bin". An unknown variable is "".
    """
    return _Expansion(text, env).until("")


class _Expansion:
    """A walk through one word; every method begins behind the character that it is named after."""

    def __init__(self, text: str, env: Mapping[str, str]) -> None:
        self._text = text
        self._env = env
        self._at = 0

    def until(self, stop: str) -> str:
        found: list[str] = []
        while char := self._next():
            if char == stop:
                return "".join(found)
            if char == "'":
                found.append(self._single_quote())
            elif char == '"':
                found.append(self._double_quote())
            elif char == "$":
                found.append(self._dollar())
            else:
                found.append(self._next() if char == "\\" else char)
        if stop:
            raise ValueError(f"'${{' is not closed; expected '{stop}'")
        return "".join(found)

    def _next(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        return char

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _single_quote(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise ValueError("a quotation mark is not closed; expected another '")
        quoted, self._at = self._text[self._at : end], end + 1
        return quoted

    def _double_quote(self) -> str:
        found: list[str] = []
        while char := self._next():
            if char == '"':
                return "".join(found)
            if char == "$":
                found.append(self._dollar())
            else:
                escaped = char == "\\" and self._peek() in ('"', "$", "\\")
                found.append(self._next() if escaped else char)
        raise ValueError('a quotation mark is not closed; expected another "')

    def _dollar(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return self._env.get(name, "") if name else "$"
        self._next()
        name = self._name() if self._peek() not in "{}:" else ""
        if not name:
            raise ValueError(
                "'${' is not followed by a name; expected ${NAME}, ${NAME:-VALUE} or ${NAME:+VALUE}"
            )
        value, then = self._env.get(name, ""), self._next()
        if then == "}":
            return value
        sign = self._next() if then == ":" else ""
        if sign not in ("-", "+"):
            raise ValueError(f"'${{{name}' has an unknown ending; expected '}}', ':-VALUE}}' or ':+VALUE}}'")
        word = self.until("}")
        return word if bool(value) == (sign == "+") else value

    def _name(self) -> str:
        matched = _NAME.match(self._text, self._at)
        name = matched[0] if matched else ""
        self._at += len(name)
        return name
