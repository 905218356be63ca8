"""The JSON that a request carries, read as the original reads it: Ruby's parser, with its words. Pure.

Ruby's takes comments, and at most 100 levels; of a key that stands there twice, the last value counts.
"""

import re
from typing import Any, NoReturn

_MAX_NESTING = 100
_LONGEST_SHOWN = 32  # bytes
_BLANK = re.compile(rb"(?:[ \t\r\n]+|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_BLANKS = frozenset(bytes((sign,)) for sign in b" \t\r\n/")  # what it may begin with
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?![0-9])(?:\.[0-9]+|(?!\.))(?:[eE][+-]?[0-9]+|(?![eE]))")
_STRING = re.compile(rb'"((?:[^"\\\x00-\x1f]++|\\.)*+)"', re.DOTALL)
_STRING_SO_FAR = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\.)*+', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u(?:([0-9a-fA-F]{4})(?:(?<=[dD][89abAB]..)\\u([dD][c-fC-F]..))?)?|.)", re.DOTALL)
_WORD_END = re.compile(rb"[\x00\n \t\r]")
_CONTINUED, _LEADS = bytes(range(0x80, 0xC0)), b"\xc0"  # the bytes of a character in UTF-8
_KEYWORDS = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}
_ESCAPED = {b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t", b'"': '"', b"\\": "\\", b"/": "/"}


class BodyError(ValueError):
    """What a request carries is no JSON.

    Args:
        name: Ruby's name for it, e.g. "JSON::ParserError".
        message: Ruby's words, e.g. "unexpected character: 'x' at line 1 column 1".
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def parsed(body: bytes) -> Any:
    """The value that a body is; in place of a number, its digits.

    Raises:
        BodyError: it is no JSON.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BodyError("JSON::ParserError", "source sequence is illegal/malformed utf-8") from error
    return _Reader(body).read()


class _Reader:
    """One walk over one body; a stack of our own in place of recursion."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._depth = 1  # of what is read next
        self._is_inside = False  # of a container that was just opened

    def read(self) -> Any:
        value = self._value()
        self._skip()
        if self._at < len(self._text):
            self._fail("unexpected token at end of stream %s")
        return value

    def _value(self) -> Any:
        top: list[Any] = []
        stack: list[Any] = [top]
        while True:
            self._skip()
            value = self._simple()
            if value is _OPENS_LIST or value is _OPENS_OBJECT:
                self._open(stack, {} if value is _OPENS_OBJECT else [])
            else:
                self._put(stack, value)
            if self._close(stack):
                return top[0]

    def _open(self, stack: list[Any], container: Any) -> None:
        """Go into an object or a list, if it is not empty."""
        self._put(stack, container)
        self._skip()
        if self._peek() == (b"}" if isinstance(container, dict) else b"]"):
            self._at += 1
            return
        if self._depth > _MAX_NESTING:
            raise BodyError("JSON::NestingError", f"nesting of {self._depth} is too deep")
        self._depth += 1
        stack.append(container)
        if isinstance(container, dict):
            stack.append(self._key(is_first=True))
        self._is_inside = True

    def _put(self, stack: list[Any], value: Any) -> None:
        self._is_inside = False
        last = stack.pop() if isinstance(stack[-1], _Key) else None
        if last is None:
            stack[-1].append(value)
        else:
            stack[-1][str(last)] = value

    def _close(self, stack: list[Any]) -> bool:
        """After a value: leave what ends here; whether that was all."""
        while not self._is_inside and len(stack) > 1:
            self._skip()
            sign, container = self._peek(), stack[-1]
            is_object = isinstance(container, dict)
            if sign == b",":
                self._at += 1
                if is_object:
                    stack.append(self._key(is_first=False))
                return False
            if sign != (b"}" if is_object else b"]"):
                self._fail(
                    "expected ',' or '}' after object value, got: %s"
                    if is_object
                    else "expected ',' or ']' after array value"
                )
            self._at += 1
            self._depth -= 1
            stack.pop()
        return len(stack) == 1

    def _key(self, *, is_first: bool) -> "_Key":
        self._skip()
        if self._peek() != b'"':
            self._fail("expected object key, got %s" if is_first else "expected object key, got: %s")
        key = self._string()
        self._skip()
        if self._peek() != b":":
            self._fail(f"expected ':' after object key{'' if is_first else ', got: %s'}")
        self._at += 1
        return _Key(key)

    def _simple(self) -> Any:
        """A value that holds no others, or which kind of container begins."""
        sign = self._peek()
        if sign in (b"[", b"{"):
            self._at += 1
            return _OPENS_LIST if sign == b"[" else _OPENS_OBJECT
        if sign == b'"':
            return self._string()
        if sign.isdigit() or sign == b"-":
            number = _NUMBER.match(self._text, self._at) or self._fail("invalid number: %s")
            self._at = number.end()
            return number[0]  # of which nobody asks the value
        if sign in _KEYWORDS:
            word, value = _KEYWORDS[sign]
            if not self._text.startswith(word, self._at):
                self._fail("unexpected token %s")
            self._at += len(word)
            return value
        if sign in (b"N", b"I"):
            self._fail("unexpected token %s")
        if sign == b"\0":
            self._fail("unexpected NULL byte: %s")
        return self._fail("unexpected character: %s" if sign else "unexpected end of input")

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        if not found:
            self._fail_in_string()
        parts: list[str] = []
        end = found.start(1)
        for escape in _ESCAPE.finditer(self._text, end, found.end(1)):
            parts.append(self._text[end : escape.start()].decode())
            end = escape.end()
            self._at = escape.start()  # the subject, if it is wrong
            parts.append(self._unescaped(escape))
        parts.append(self._text[end : found.end(1)].decode())
        self._at = found.end()
        return "".join(parts)

    def _unescaped(self, escape: re.Match[bytes]) -> str:
        sign = escape[0][1:]
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        if sign == b"u":
            self._fail("incomplete unicode character escape sequence at %s")
        if sign == b"\n":
            self._fail("Invalid unescaped newline character (\\n) in string: %s")
        if sign < b" ":
            self._fail("invalid ASCII control character in string: %s")
        if not escape[1]:
            self._fail("invalid escape character in string: %s")
        try:
            halves = [int(half, 16).to_bytes(2, "big") for half in escape.groups() if half]
            return b"".join(halves).decode("utf-16-be")
        except ValueError:
            self._fail("incomplete surrogate pair at %s")

    def _fail_in_string(self) -> NoReturn:
        begun = _STRING_SO_FAR.match(self._text, self._at)
        self._at = begun.end() if begun else self._at
        if self._peek() and self._peek() < b" ":
            self._fail("invalid ASCII control character in string: %s")
        self._at = len(self._text)
        self._fail('unexpected end of input, expected closing "')

    def _skip(self) -> None:
        if self._peek() not in _BLANKS:
            return
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        if self._peek() == b"/":
            if self._text.startswith(b"/*", self._at):
                self._fail("unterminated comment, expected closing '*/'")
            self._fail("unexpected token %s")

    def _peek(self) -> bytes:
        return self._text[self._at : self._at + 1]

    def _fail(self, words: str) -> NoReturn:
        """Count lines and columns as Ruby does, for which a line feed is column 0 of the next line."""
        line = 1 + self._text.count(b"\n", 0, self._at + 1)
        column = self._at - self._text.rfind(b"\n", 0, self._at + 1)
        message = words.replace("%s", self._shown())
        raise BodyError("JSON::ParserError", f"{message} at line {line} column {column}")

    def _shown(self) -> str:
        rest = self._text[self._at :]
        if not rest:
            return "EOF"
        word = _WORD_END.split(rest[:_LONGEST_SHOWN], maxsplit=1)[0]
        if not word:
            return rest.partition(b"\0")[0].decode()
        whole = word.rstrip(_CONTINUED)  # Ruby leaves out a last character that is not ASCII
        return f"'{(whole[:-1] if whole[-1:] >= _LEADS else whole).decode()}'"


class _Key(str):
    """The key of an object whose value is read next."""

    __slots__ = ()


_OPENS_LIST, _OPENS_OBJECT = object(), object()
