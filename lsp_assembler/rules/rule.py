"""What a rule is, and the small vocabulary that rules write their messages with."""

import difflib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Subject = TypeVar("Subject")

_LONGEST = 72


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a subject breaks a rule.

    Args:
        message: subject, fact, expectation: "tab_size is 9; it must be an integer 1..8".
        line: in the manifest, from 1, where it is known.
    """

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """A named demand on a start point; its documentation is the docstring of its check.

    Args:
        id: as findings and docs/rules.md spell it, e.g. "tab-size".
        code: the number that cyber-dojo's own checker gives it; None for a warning.
        check: yields every problem of its subject, and none where the rule holds.
    """

    id: str
    code: int | None
    check: Callable[[Subject], Iterator[Problem]]

    @property
    def doc(self) -> str:
        """What the rule wants, one paragraph of plain text."""
        return " ".join((self.check.__doc__ or "").split())


def quoted(value: Any) -> str:
    """A value as JSON on one line, shortened in the middle, with whatever does not print escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 12]}…{text[-10:]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listed(values: Sequence[Any], most: int = 5) -> str:
    """Values as `"a", "b" and 7 more`, so that a message stays readable."""
    shown = ", ".join(quoted(value) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean "tab_size"?` where a known word is close, else ""."""
    close = difflib.get_close_matches(word[:_LONGEST], known, n=1, cutoff=0.75)
    return f"; did you mean {quoted(close[0])}?" if close else ""


def repeated(values: Sequence[Any]) -> list[tuple[Any, list[int]]]:
    """Every value that is there more than once, in order, with its positions.

    Numbers are equal by value, 1 and 1.0, as in Ruby; but true is not 1, as it is in Python.
    """
    positions: dict[tuple[str, Any], list[int]] = {}
    for position, value in enumerate(values):
        positions.setdefault(_identity(value), []).append(position)
    return [(values[where[0]], where) for where in positions.values() if len(where) > 1]


def _identity(value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return "string", value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", value
    return "other", json.dumps(value, sort_keys=True)
