"""Names x store x rules -> Assembly: the heart of the tool."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_assembler import rules
from lsp_assembler.errors import FINDINGS, FetchError
from lsp_assembler.model.start_point import Failure, Finding, Source, StartPoint, StartPointType
from lsp_assembler.parallel import in_parallel

Observer = Callable[[int, str, int], None]
"""Called from worker threads as (index, state, bytes so far). The states of a source, in order: waiting,
pulling, extracting, then fetched and checked, or failed."""

Reader = Callable[[Source, Callable[[str, int], None]], StartPoint]
"""Reads one source and reports (state, bytes so far) on the way; raises FetchError. Called from threads."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source: exactly one of start_point and failure is set."""

    source: Source
    seconds: float
    start_point: StartPoint | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Assembly:
    """The result of a run: every source's outcome and every finding, in the order of images.yml.

    Args:
        type: languages, custom or exercises.
        outcomes: one for each source; outcomes[i].source.index == i.
        findings: errors that cyber-dojo's own checker stops at first, then in index order.
        seconds: how long each step took, e.g. {"fetch": 0.31, "check": 0.02}.
    """

    type: StartPointType
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    seconds: Mapping[str, float]

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes without a start point."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid publishing."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def by_source(self) -> Iterator[tuple[Outcome, list[Finding]]]:
        """Every outcome with the findings of its source, in their order."""
        found: dict[int, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.index, []).append(finding)
        return ((outcome, found.get(outcome.source.index, [])) for outcome in self.outcomes)

    def strictly(self) -> "Assembly":
        """The same with every warning an error."""
        findings = tuple(replace(finding, severity="error") for finding in self.findings)
        return replace(self, findings=findings)

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong: a failed fetch comes before a finding."""
        if self.failures:
            return FetchError.exit_status
        return FINDINGS if self.errors else 0


def assemble(
    type_: StartPointType, sources: Sequence[Source], read: Reader, jobs: int, observe: Observer
) -> Assembly:
    """Read all sources at once, then check them all. One that fails never hides another.

    Args:
        sources: sources[i].index == i.
        jobs: how many are read at the same time.

    A signal that ends the run ends this, too; reads under way go on in their threads until `read` fails.
    """
    started = time.perf_counter()
    outcomes = _read_all(sources, read, jobs, observe)
    fetched = time.perf_counter()
    start_points = [
        (outcome.source.index, outcome.start_point) for outcome in outcomes if outcome.start_point
    ]
    findings = rules.check(type_, start_points)
    for index, _ in start_points:
        observe(index, "checked", 0)
    seconds = {"fetch": fetched - started, "check": time.perf_counter() - fetched}
    return Assembly(type_, outcomes, findings, seconds)


def _read_all(sources: Sequence[Source], read: Reader, jobs: int, observe: Observer) -> tuple[Outcome, ...]:
    def outcome(source: Source) -> Outcome:
        began = time.perf_counter()
        try:
            start_point = read(source, lambda state, size: observe(source.index, state, size))
        except FetchError as error:
            observe(source.index, "failed", 0)
            failure = Failure(error.kind, str(error))
            return Outcome(source, time.perf_counter() - began, failure=failure)
        observe(source.index, "fetched", start_point.tree.size)
        return Outcome(source, time.perf_counter() - began, start_point)

    return tuple(in_parallel(outcome, sources, jobs))
