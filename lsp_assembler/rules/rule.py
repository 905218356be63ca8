"""What a rule is, and the one engine that turns rules and a subject into findings."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from lsp_assembler.model.finding import Finding, Severity

Subject = TypeVar("Subject")


class Problem(Struct, frozen=True):
    """One way in which a subject breaks a rule.

    Args:
        message: subject, fact, expectation: "tab_size is 9; it must be an integer 1..8".
        line: in the manifest, from 1, where it is known.
    """

    message: str
    line: int | None = None


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


def run(
    rules: Iterable[Rule[Subject]], subject: Subject, index: int, manifest: str | None = None
) -> Iterator[Finding]:
    """Every problem that the rules find in their subject, in the order of the rules.

    Args:
        index: of the start point.
        manifest: path of the manifest that the subject is; None for a start point as a whole.
    """
    for rule in rules:
        for problem in rule.check(subject):
            yield Finding(rule.id, rule.code, rule.severity, index, manifest, problem.message, problem.line)
