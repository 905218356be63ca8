"""Strangers' text made fit to show, and the turns of phrase that many messages share. Pure.

Names and messages come out of images, manifests and servers that anybody may have made. A terminal obeys
some of their characters (colours, cursor movement), others turn the reading direction of what follows, and
GitHub Actions takes some lines of a log for commands.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Any

LONGEST = 72
"""The most characters of a stranger's text that a message quotes, unless it says otherwise."""

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, format, surrogate, private, separators
_COMMAND = re.compile(r"##(?=\w*\[)")  # "##[" of GitHub, "##vso[" of Azure, "##teamcity["
_END = 10  # characters of a long text that are kept at its end
_SHORT_DIGEST = len("sha256:") + 12
_SHORT_COMMIT = 7
_CLOSE = 0.75
_BEGUN = 3  # characters that are enough to tell a word


def visible(text: str) -> str:
    r"""Text in one line, each unseen character spelled as Python spells it: ESC is `\x1b`."""
    if text.isprintable():  # as nearly all of it is
        return text
    return "".join(_spelled(char) if _is_unseen(char) else char for char in text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: it keeps its line breaks, but not the blanks around them."""
    return "\n".join(visible(line.strip(" ")) for line in text.split("\n"))


def inert(line: str) -> str:
    """A line of a log that no CI service obeys, as wide as before or narrower.

    GitHub's runner takes "::" at the start of a line and "##[" anywhere for a command, whoever printed it;
    others do the same with "##vso[" or "##teamcity[". They become one sign that looks the same, and a hash
    that does.
    """
    text = line.lstrip()
    if text.startswith("::"):
        line = f"{line[: len(line) - len(text)]}\N{PROPORTION}{text[2:]}"
    return _COMMAND.sub("#\N{MUSIC SHARP SIGN}", line)


def harmless(text: str) -> str:
    """Text of any lines, fit for a terminal and a log: each is visible and inert, and indented as before."""
    return "\n".join(inert(visible(line)) for line in text.split("\n"))


def shortened(text: str, longest: int = LONGEST) -> str:
    """Text with "…" in place of what is beyond so many characters; the last few are kept.

    `shortened("a" * 100 + "b" * 10)` is 61 times "a", "…" and 10 times "b".
    """
    if len(text) <= longest:
        return text
    kept = min(_END, longest // 4)
    return f"{text[: longest - kept - 1]}…{text[len(text) - kept :]}"


def short_digest(digest: str) -> str:
    """A digest as people tell it from others: "sha256:" and 12 digits. "" stays ""."""
    return digest[:_SHORT_DIGEST]


def short_commit(revision: str) -> str:
    """A commit as people tell it from others: 7 digits of its full hash. "" stays ""."""
    return revision[:_SHORT_COMMIT]


def quoted(value: Any, longest: int = LONGEST) -> str:
    """A value of a JSON document, as JSON in one visible line, shortened: `"java_junit"`, `[1, 2]`."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (RecursionError, TypeError, ValueError):  # what json.loads could only just nest, or no JSON
        text = f"a {type(value).__name__}"
    return visible(shortened(text, longest))


def named(text: str, longest: int = LONGEST) -> str:
    """A name or a word in single quotes, in one visible line, shortened: `'java_junit'`."""
    return f"'{visible(shortened(text, longest))}'"


def listed(values: Sequence[Any], most: int = 5) -> str:
    """Values as `"a", "b" and 7 more`, so that a message stays readable."""
    shown = ", ".join(quoted(value) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown


def choice(words: Iterable[str]) -> str:
    """Words to choose from: "languages, custom or exercises"."""
    *most, last = map(str, words)
    return f"{', '.join(most)} or {last}" if most else last


def closest(word: str, known: Collection[str]) -> str:
    """The known word that was probably meant, e.g. "tab_size" for "tabsize"; "" if none is close.

    One that is only begun is meant, too, if no other begins like that: "registry" by "reg".
    """
    import difflib  # for mistakes alone

    close = difflib.get_close_matches(word[:LONGEST], known, n=1, cutoff=_CLOSE)
    begun = [each for each in known if each.startswith(word)] if len(word) >= _BEGUN else []
    return close[0] if close else begun[0] if len(begun) == 1 else ""


def suggestion(word: str, known: Collection[str]) -> str:
    """What a wrong word should have been: "did you mean 'type'?", or "expected type or name"."""
    close = closest(word, known)
    return f"did you mean {named(close)}?" if close else f"expected {choice(known)}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 warning", "3 warnings"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def json_text(document: object) -> str:
    r"""A document in indented JSON, fit for a terminal and a log, with a line feed at its end.

    What is unseen is escaped, e.g. "\u202e", and so is what a CI service would obey: a parser gets it back.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "".join(f"{_escaped(line)}\n" for line in text.split("\n"))


def _escaped(line: str) -> str:
    """A line of a JSON document, with escapes for what may stand in its strings but not in a log."""
    if not line.isprintable():
        line = "".join(_in_json(char) if _is_unseen(char) else char for char in line)
    return _COMMAND.sub(r"#\\u0023", line)


def _in_json(char: str) -> str:
    return json.dumps(char)[1:-1]


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN
