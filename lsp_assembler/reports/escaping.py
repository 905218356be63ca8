"""Strangers' text, made harmless to look at.

Display names, image names and the messages that quote them come out of images that anybody may have
made. A terminal obeys some of their characters (colours, cursor movement), and others turn the
reading direction of what follows.
"""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, format, surrogate, private, separators


def visible(text: str) -> str:
    r"""Text in one line, each unseen character spelled as Python spells it: ESC is `\x1b`."""
    if text.isprintable():  # as nearly all of it is
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: it keeps its line breaks, but not the blanks around them."""
    return "\n".join(visible(line.strip(" ")) for line in text.split("\n"))


def inert(line: str) -> str:
    """A line of a log that GitHub Actions does not obey, as wide as before or narrower.

    Its runner takes "::" at the start of a line and "##[" anywhere for a command, whoever printed it.
    They become one sign that looks the same, and a hash that does.
    """
    text = line.lstrip()
    if text.startswith("::"):
        line = f"{line[: len(line) - len(text)]}\N{PROPORTION}{text[2:]}"
    return line.replace("##[", "#\N{MUSIC SHARP SIGN}[")


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
