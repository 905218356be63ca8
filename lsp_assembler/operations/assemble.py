"""Sources x a reader x the rules -> an Assembly: the heart of the tool."""

import time
from collections.abc import Callable, Sequence

from lsp_assembler import rules
from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.parallel import in_parallel

Observer = Callable[[int, str, int], None]
"""Called from worker threads as (index, state, bytes so far). The states of a source, in order: waiting,
pulling, extracting, then fetched and checked, or failed."""

Reader = Callable[[Source, Callable[[str, int], None]], StartPoint]
"""Reads one source and reports (state, bytes so far) on the way; raises FetchError. Called from threads."""


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
