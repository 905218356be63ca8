"""The tokens of a Ruby regular expression, as coarse as its fix-ups need them."""

import re
from collections.abc import Iterator

from msgspec import Struct

_TOKEN = re.compile(
    r"""
      (?P<comment>   \(\?\#[^)]*\) )
    | (?P<anchor>    [\^$] | \\[bBAZzGK] )
    | (?P<opaque>    \\[RX] | \\[1-9](?![0-9]) | \\k(?:<[^>]*>|'[^']*') )
    | (?P<char>      \\(?: [pP]\{[^}]*\} | g(?:<[^>]*>|'[^']*') | x\{[^}]*\} | x[0-9A-Fa-f]{1,2}
                         | [0-7]{2,3} | . ) )
    | (?P<condition> \(\?\((?:\d+|<[^>]*>|'[^']*')\) )
    | (?P<options>   \(\?[a-zA-Z]*(?:-[a-zA-Z]*)?[:)] )
    | (?P<look>      \(\?<?[=!] )
    | (?P<open>      \((?:\?(?:<[^>]*>|'[^']*'))? (?![*?]) )
    | (?P<stop>      \(\?[>~] )
    | (?P<foreign>   \(\* | \(\?[({y\#] )
    | (?P<close>     \) )
    | (?P<bar>       \| )
    | (?P<repeat>    [*+?] | \{(?:\d+(?:,\d*)?|,\d+)\} )
    | (?P<other>     . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENS = ("open", "look", "options", "condition", "stop", "foreign")
_POSIX = "alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit"
_POSIX_BRACKET = re.compile(rf"\[:\^?(?:{_POSIX}):\]")
_NO_POSIX = re.compile(rf"\[:(?!\^?(?:{_POSIX}):\])[^:\]]{{0,20}}:\]")


class RubySyntaxError(ValueError):
    """What Ruby would not accept; the message says what."""


class Token(Struct, frozen=True):
    """A piece of a pattern: its kind is the name of a group of the expression above, its text as written."""

    kind: str
    text: str

    @property
    def opens(self) -> bool:
        """Whether a closing parenthesis belongs to it."""
        return self.kind in _OPENS and not (self.kind == "options" and self.text.endswith(")"))


def tokens(pattern: str) -> Iterator[Token]:
    """Take a pattern apart; the texts joined are the pattern again.

    Raises:
        RubySyntaxError: a character class names a POSIX bracket that there is not.
    """
    offset = 0
    while offset < len(pattern):
        if pattern[offset] == "[":
            end = _class_end(pattern, offset)
            unknown = _NO_POSIX.search(pattern, offset + 1, end)
            if unknown:
                raise RubySyntaxError(f"{unknown[0]} is no POSIX bracket")
            yield Token("char", pattern[offset:end])
        else:
            matched = _TOKEN.match(pattern, offset)
            if matched is None:
                # Something that begins like a group and is none: Oniguruma says what is wrong with it.
                yield Token("other", pattern[offset])
                offset += 1
                continue
            end = matched.end()
            kind = matched.lastgroup or "other"
            yield Token("char" if kind == "other" else kind, matched[0])
        offset = end


def _class_end(pattern: str, start: int) -> int:
    """Where the character class that begins here ends; classes nest, and a first ] is a plain character."""
    depth, offset = 0, start
    while offset < len(pattern):
        character = pattern[offset]
        offset += 1
        if character == "\\":
            offset += 1
        elif character == "[":
            posix = _POSIX_BRACKET.match(pattern, offset - 1)
            if posix and depth:
                offset = posix.end()
                continue
            depth += 1
            offset += pattern.startswith("^", offset)
            offset += pattern.startswith("]", offset)
        elif character == "]":
            depth -= 1
            if not depth:
                return offset
    return len(pattern)
