"""The text of a manifest.json: strict JSON, with the line of every top-level key. Pure.

The syntax is RFC 8259 in UTF-8, with nothing that only some parsers accept: Python's own parser would let
NaN and lone surrogates through.
"""

import json
import re
from array import array
from collections import Counter
from typing import Any, NoReturn

_MAX_DEPTH = 200  # far more than any manifest needs, far less than the interpreter's stack
_MAX_DIGITS = 400
_IN_TOP_LEVEL_LIST = 2
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


class ManifestSyntaxError(ValueError):
    """A manifest.json that is not strict JSON, or not an object.

    Args:
        message: what is wrong, e.g. "expecting ',' delimiter".
        line: where in the file, from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def decoded(content: bytes) -> str:
    """The text of a manifest.json.

    Raises:
        ManifestSyntaxError: it is not UTF-8.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ManifestSyntaxError(f"byte {content[error.start]:#04x} is not UTF-8", line) from error
    if text.startswith("\ufeff"):
        raise ManifestSyntaxError("it begins with a byte order mark (save it as UTF-8 without one)", 1)
    return text


def parsed(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The object that a text is, and the top-level keys that stand there more than once, in file order.

    Of such a key the object has the last value.

    Raises:
        ManifestSyntaxError: it is not strict JSON, or its top level is no object.
    """
    pairs: list[tuple[str, Any]] = []

    def as_dict(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal pairs
        pairs = found  # of the object that ends last, which is the top level
        return dict(found)

    try:
        data = json.loads(text, object_pairs_hook=as_dict, parse_int=_integer, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _explained(text, error) from error
    except RecursionError as error:
        raise ManifestSyntaxError("it is nested too deeply", 1) from error
    except _ConstantError as error:
        found = next(match for match in _TOKEN.finditer(text) if match[0] == str(error))
        raise ManifestSyntaxError(f"{error} is not a JSON value", _line(text, found.start())) from error
    _check_surrogates(text)
    if not isinstance(data, dict):
        raise ManifestSyntaxError("the top level is no object", 1)
    if text.count("[") + text.count("{") > _MAX_DEPTH:
        Places(text)  # which counts how deep they are nested
    counts = Counter(key for key, _ in pairs) if len(pairs) > len(data) else {}
    return data, tuple(key for key, count in counts.items() if count > 1)


def _explained(text: str, error: json.JSONDecodeError) -> ManifestSyntaxError:
    """What is wrong in an author's words, for the mistakes that authors make; else in the parser's."""
    before, after = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    end, place = len(before), len(text) - len(after)  # of what is fine, and of what is not
    fact = f"{error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})"
    if not text.strip():
        fact = "the file is empty"
    elif not after:
        fact, place = "the file ends too early", end
    elif before.endswith(",") and after[0] in "}]":
        fact, place = f"trailing comma {_at_end(text, end) or f'in column {_column(text, end)}'}", end
    elif error.msg == "Expecting ',' delimiter" and (place > end or after[0] in '"[{'):
        fact, place = f"missing comma {_at_end(text, end) or f'after column {_column(text, end)}'}", end
    elif after.startswith("'"):
        fact = "a single quote where JSON wants double quotes"
    elif after.startswith(("//", "/*", "#")):
        fact = "a comment, which JSON does not have"
    return ManifestSyntaxError(fact, _line(text, place))


def _at_end(text: str, offset: int) -> str:
    """E.g. "at the end of line 5", if nothing else stands in that line."""
    rest = text[offset:].partition("\n")[0]
    return "" if rest.strip() else f"at the end of line {_line(text, offset)}"


def _column(text: str, offset: int) -> int:
    """That of the character before an offset, from 1."""
    return offset - 1 - text.rfind("\n", 0, offset)


class _ConstantError(Exception):
    """NaN, Infinity or -Infinity."""


def _no_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _integer(digits: str) -> int:
    """An integer, of which only the leading digits count: int() refuses 4301 of them."""
    return int(digits[:_MAX_DIGITS])


def _check_surrogates(text: str) -> None:
    """JSON escapes beyond U+FFFF come in pairs; half a pair is no character and cannot be written again."""
    high: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1] or "0", 16)
        pairs = high is not None and high.end() == escape.start()
        if high is not None and not (pairs and code in _LOW):
            raise ManifestSyntaxError(f"{high[0]} is half a surrogate pair", _line(text, high.start()))
        if high is None and code in _LOW:
            raise ManifestSyntaxError(f"{escape[0]} is half a surrogate pair", _line(text, escape.start()))
        high = escape if code in _HIGH else None
    if high is not None:
        raise ManifestSyntaxError(f"{high[0]} is half a surrogate pair", _line(text, high.start()))


class Places:
    """Where the top-level keys of a manifest are, and the elements of the lists under them.

    Args:
        lines: the line of every top-level key, from 1; of one that stands there twice, the last one's.
        element_lines: those of the elements of every list under such a key.

    Raises:
        ManifestSyntaxError: the text is nested too deeply.
    """

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self.element_lines: dict[str, array[int]] = {}
        self._find(text)

    def _find(self, text: str) -> None:
        line, counted, depth = 1, 0, 0
        key: str | None = None
        elements: array[int] | None = None  # of the top-level list that we are in
        is_first = False  # token of an element
        for token in _TOKEN.finditer(text):
            symbol = token[0]
            line += text.count("\n", counted, token.start())
            counted = token.start()
            if symbol in "]}":
                depth -= 1
                continue
            if depth == _IN_TOP_LEVEL_LIST and elements is not None:
                if is_first and symbol != ",":
                    elements.append(line)
                is_first = symbol == ","
            elif depth == 1 and symbol == ",":
                key = elements = None
            elif depth == 1 and key is None:
                key = self._add_key(symbol, line)
            elif depth == 1 and symbol == "[" and key is not None:
                self.element_lines[key] = elements = array("I")
                is_first = True
            depth += symbol in "[{"
            if depth > _MAX_DEPTH:
                raise ManifestSyntaxError("it is nested too deeply", line)

    def _add_key(self, symbol: str, line: int) -> str:
        key = str(json.loads(symbol))
        self.lines[key] = line
        self.element_lines.pop(key, None)
        return key


def _line(text: str, offset: int) -> int:
    return 1 + text.count("\n", 0, offset)
