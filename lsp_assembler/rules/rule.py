"""What a rule is, and the one engine that turns rules and a subject into findings."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.model.finding import Finding, Severity

Subject = TypeVar("Subject")

MOST = 100
"""How many findings of one rule a start point has, before they are only counted."""

_MOST_HINTS = 20


class Problem(Struct, frozen=True):
    """One way in which a subject breaks a rule.

    Args:
        message: subject, fact, expectation: "tab_size is 9; it must be an integer 1..8".
        line: in the manifest, from 1, where it is known.
        hint: makes the end of the message, e.g. '; did you mean "tab_size"?'; called only for a problem that
            is shown, as it may take long.
        cause: that of the finding.
    """

    message: str
    line: int | None = None
    hint: Callable[[], str] | None = None
    cause: str = ""


class Rule(Struct, Generic[Subject], frozen=True):
    """A named demand on a subject; its documentation is the docstring of its check.

    Args:
        id: as findings and docs/rules.md spell it, e.g. "tab-size".
        code: the number that cyber-dojo's own checker gives it; None for what that checker does not look at.
        severity: of its findings.
        check: yields every problem of its subject, and none where the rule holds.
    """

    id: str
    code: int | None
    severity: Severity
    check: Callable[[Subject], Iterator[Problem]]

    @property
    def doc(self) -> str:
        """What the rule wants, one paragraph of plain text."""
        return " ".join((self.check.__doc__ or "").split())


class Judge:
    """Turns rules and the subjects of one start point into findings.

    A manifest may break a rule 400,000 times. Every time is counted, but only the first ones become findings
    of their own, so that nothing else is buried under them.

    Args:
        index: of the start point.
        most: how many findings of each rule there are.
    """

    def __init__(self, index: int, most: int = MOST) -> None:
        self._index = index
        self._most = most
        self._counts: dict[str, int] = {}
        self._beyond: dict[str, tuple[Rule[Any], str | None]] = {}

    def run(
        self, rules: Iterable[Rule[Subject]], subject: Subject, manifest: str | None = None
    ) -> Iterator[Finding]:
        """The problems that the rules find in a subject, in the order of the rules.

        Args:
            manifest: path of the manifest that the subject is; None for a start point as a whole.
        """
        for rule in rules:
            count = self._counts.get(rule.id, 0)
            for problem in rule.check(subject):
                count += 1
                if count <= self._most:
                    hint = problem.hint() if problem.hint and count <= _MOST_HINTS else ""
                    yield self._finding(rule, manifest, replace(problem, message=problem.message + hint))
                elif count == self._most + 1:
                    self._beyond[rule.id] = rule, manifest
            self._counts[rule.id] = count

    def rest(self) -> Iterator[Finding]:
        """One finding for each rule that was broken more often, e.g. "and 399,900 more"; comes last.

        Its manifest is the one in which the count began to be too much.
        """
        for rule, manifest in self._beyond.values():
            more = self._counts[rule.id] - self._most
            yield self._finding(rule, manifest, Problem(f"and {more:,} more"))

    def _finding(self, rule: Rule[Any], manifest: str | None, problem: Problem) -> Finding:
        message, line, cause = problem.message, problem.line, problem.cause
        return Finding(rule.id, rule.code, rule.severity, self._index, manifest, message, line, cause)
