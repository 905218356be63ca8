"""Ruby's look-behind: every branch must have one width, and little is allowed inside.

Oniguruma has learnt look-behinds of any width; Ruby's fork of it has not.
"""

from collections.abc import Iterator, Sequence

from lsp_assembler.rules.ruby.tokens import RubySyntaxError, Token


def check_look_behinds(tokens: Sequence[Token]) -> None:
    """Look at every look-behind of a pattern.

    Raises:
        RubySyntaxError: one has a part without a fixed width, or one that Ruby does not allow there.
    """
    for position, token in enumerate(tokens):
        if token.kind == "look" and token.text.startswith("(?<"):
            body = list(_body(tokens, position + 1))
            while _is_plain_group(body):
                body = body[1:-1]
            _widths(iter(body))


def _body(tokens: Sequence[Token], start: int) -> Iterator[Token]:
    """The tokens from here up to the one that closes the group."""
    depth = 1
    for position in range(start, len(tokens)):
        token = tokens[position]
        depth += token.opens - (token.kind == "close")
        if not depth:
            return
        yield token


def _is_plain_group(body: Sequence[Token]) -> bool:
    """Whether a body is (?:…) and nothing else: such a group is not there for Ruby."""
    return bool(body) and body[0].text == "(?:" and len(list(_body(body, 1))) == len(body[1:-1])


def _widths(tokens: Iterator[Token]) -> set[int]:
    """The width of each branch up to the end of the group; a nested group must have a single one."""
    widths: set[int] = set()
    width = last = 0
    for token in tokens:
        if token.kind == "close":
            break
        if token.kind in ("opaque", "condition", "stop", "foreign"):
            raise RubySyntaxError(f"{token.text} is not allowed in a look-behind")
        if token.kind == "bar":
            widths.add(width)
            width = last = 0
        elif token.kind == "repeat":
            width += last * (_count(token) - 1)
        elif token.kind == "options" and not token.opens:
            return widths | {width + _nested(tokens)}  # (?i) makes a group of all that follows
        elif token.kind != "comment":
            last = _nested(tokens) if token.opens else int(token.kind == "char")
            last = 0 if token.kind == "look" else last
            width += last
    return widths | {width}


def _nested(tokens: Iterator[Token]) -> int:
    widths = _widths(tokens)
    if len(widths) > 1:
        raise RubySyntaxError("a group in a look-behind has branches of different width")
    return widths.pop()


def _count(repeat: Token) -> int:
    low, comma, high = repeat.text.strip("{}").partition(",")
    if repeat.text in "*+?" or (comma and low != high):
        raise RubySyntaxError(f"{repeat.text} in a look-behind leaves its width open")
    return int(low)
