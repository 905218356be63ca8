"""Whether Ruby would accept a regular expression, told by Oniguruma with fix-ups.

Ruby's engine is a fork of Oniguruma, and Ruby rewrites escapes before that engine sees them. So `complaint`
does three things: it reads byte and code point escapes as Ruby does; it rejects the syntax that only
Oniguruma has and respells the syntax that only Ruby has; and it lets Oniguruma judge what comes out. What
the respelled pattern matches is another matter: only its validity counts.

Known to differ still: names of Unicode scripts newer than Ruby's, group names that begin with + or hold an
emoji, more than 4096 nested groups, a look-behind that calls a group or holds another, negative one. In a
pattern with the option x only the escapes are fixed up, since a comment there may hold anything.

Safe to use from several threads at once: Oniguruma, which keeps tables for the whole process, works for one
at a time.
"""

import re
import threading
from collections.abc import Iterator

import onigurumacffi

from lsp_assembler.rules.ruby.lookbehind import check_look_behinds
from lsp_assembler.rules.ruby.tokens import RubySyntaxError, Token, tokens

_HEX = "[0-9A-Fa-f]"
_PLAIN_BYTE = rf"x{_HEX}{{1,2}}|0[0-7]{{0,2}}|[2-7][0-7]{{2}}"
_LETTER_BYTE = r"[\\aefnrtv]|[1-7][0-7]{0,2}"
_LAST = rf"(?:\\(?:{_PLAIN_BYTE}|{_LETTER_BYTE})|[\x00-\x5b\x5d-\x7f])"
_CONTROL, _META = r"(?:c|C-)", r"M-"
_PREFIXED_BYTE = rf"{_CONTROL}(?:\\{_META})?{_LAST}|{_META}(?:\\{_CONTROL})?{_LAST}"
_ESCAPE = re.compile(
    rf"""
      \\u\{{(?P<points>[^}}]*)\}}
    | \\u(?P<unit>{_HEX}{{4}})
    | (?P<bytes>(?:\\(?:{_PLAIN_BYTE}|{_PREFIXED_BYTE}))+)
    | (?P<incomplete>\\[xucCM])
    | \\(?P<letter>[pP](?!\{{)|[oyY])   # escapes for Oniguruma, plain letters for Ruby
    | \\[pP]\{{(?P<negated>\^?)(?:XPosixPunct|Age=\d+\.\d)\}}
    | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_ONE_BYTE = re.compile(rf"\\(?:{_PLAIN_BYTE}|{_PREFIXED_BYTE})", re.DOTALL)
_LETTERS = dict(zip("\\aefnrtv", b"\\\a\x1b\f\n\r\t\v", strict=True))
_POINT = re.compile(rf"{_HEX}{{1,6}}")
_EXTENDED = re.compile(r"\(\?[a-z]*x")
_OPTIONS = re.compile(r"\(\?([imxadu]*)((?:-[imx]*)?[:)])")
_LARGEST_BYTE, _LARGEST_POINT, _SURROGATES = 0xFF, 0x10FFFF, range(0xD800, 0xE000)
_MOST_BRANCHES = 2
_ONIGURUMA = threading.Lock()


def complaint(pattern: str) -> str:
    """Why Ruby would not accept this pattern, e.g. "undefined group option"; "" where it would."""
    try:
        unescaped = _ESCAPE.sub(_unescaped, pattern)
        if not _EXTENDED.search(unescaped):
            parts = list(tokens(unescaped))
            check_look_behinds(parts)
            unescaped = "".join(_respelled(parts))
        with _ONIGURUMA:
            onigurumacffi.compile(unescaped)  # whose result is freed here, under the lock
    except (RubySyntaxError, onigurumacffi.OnigError) as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _unescaped(escape: re.Match[str]) -> str:
    """An escape as Oniguruma spells it; Ruby reads escapes anywhere, even in a comment."""
    text = escape[0]
    if escape["incomplete"]:
        raise RubySyntaxError(f"{text} is an incomplete escape")
    if escape["bytes"]:
        return _characters(text)
    if escape["points"] is not None:
        points = escape["points"].split()
        if not points or not all(_POINT.fullmatch(point) for point in points):
            raise RubySyntaxError(f"{text} is no list of code points")
        return "".join(_character(int(point, 16)) for point in points)
    if escape["unit"]:
        return _character(int(escape["unit"], 16))
    if escape["negated"] is not None:
        return rf"\p{{{escape['negated']}Punct}}"
    return escape["letter"] or text


def _character(point: int) -> str:
    if point > _LARGEST_POINT or point in _SURROGATES:
        raise RubySyntaxError(f"U+{point:04X} is no character")
    return rf"\x{{{point:x}}}"


def _characters(escapes: str) -> str:
    """A run of byte escapes: those beyond ASCII must make up UTF-8."""
    run = bytes(_byte(escape[0]) for escape in _ONE_BYTE.finditer(escapes))
    try:
        return "".join(rf"\x{ord(c):02x}" if c.isascii() else c for c in run.decode())
    except UnicodeDecodeError as error:
        raise RubySyntaxError(f"{escapes} is not UTF-8") from error


def _byte(escape: str) -> int:
    control = meta = False
    while escape.startswith(("\\c", "\\C-", "\\M-")):
        meta = meta or escape[1] == "M"
        control = control or escape[1] != "M"
        escape = escape[2:] if escape[1] == "c" else escape[3:]
    value = _plain_byte(escape)
    if value > _LARGEST_BYTE:
        raise RubySyntaxError(f"{escape} is more than a byte")
    value = value & 0x1F if control else value
    return value | 0x80 if meta else value


def _plain_byte(escape: str) -> int:
    if not escape.startswith("\\"):
        return ord(escape)
    letter, digits = escape[1], escape[2:]
    if letter == "x":
        return int(digits, 16)
    return int(letter + digits, 8) if letter.isdigit() else _LETTERS[letter]


def _respelled(parts: list[Token]) -> Iterator[str]:
    """The tokens as Oniguruma should see them."""
    groups: list[Token] = []
    branches: list[int] = []
    previous = ""
    anchors = ("anchor",) if any(part.text.startswith("\\g") for part in parts) else ("anchor", "close")
    for part in parts:
        if part.kind == "foreign":
            raise RubySyntaxError(f"{part.text} is syntax that Ruby does not have")
        if part.opens:
            groups.append(part)
            branches.append(1)
        elif part.kind == "close" and groups:
            count = branches.pop()
            if groups.pop().kind == "condition" and count > _MOST_BRANCHES:
                raise RubySyntaxError("a conditional has more than two branches")
        elif part.kind == "bar" and branches:
            branches[-1] += 1
        yield _spelled(part, after_anchor=previous in anchors)
        previous = previous if part.kind == "comment" else part.kind


def _spelled(part: Token, *, after_anchor: bool) -> str:
    if part.kind == "options":
        matched = _OPTIONS.fullmatch(part.text)
        if matched is None:
            raise RubySyntaxError("undefined group option")
        return "(?" + re.sub("[adu]", "m", matched[1]) + matched[2]
    if part.kind == "repeat":
        low, comma, high = part.text.strip("{}").partition(",")
        if comma and low and high and int(low) > int(high):
            raise RubySyntaxError("upper is smaller than lower in repeat range")
        # Ruby repeats an anchor or a group of anchors, Oniguruma does not: an empty group stands in for it.
        # Not where groups are called: which repeats are optional decides whether a recursion ends.
        return f"(?:){part.text}" if after_anchor else part.text
    return part.text
