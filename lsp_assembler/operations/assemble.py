"""A plan x a store x the rules -> an Assembly: the heart of the tool."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.start_point import Source, StartPoint
from lsp_assembler.oci.layers import Limits, too_large_together
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.hints import with_hints
from lsp_assembler.operations.observer import Observer, Watch
from lsp_assembler.operations.plan import Plan
from lsp_assembler.parallel import at_work
from lsp_assembler.stores.interface import ImageSource, Progress

if TYPE_CHECKING:
    from lsp_assembler.operations.by_policy import ByPolicy
    from lsp_assembler.operations.language_images import Lookup

ReadSource = Callable[[Source, Progress], StartPoint]
"""Reads one source and reports (state, bytes so far) on the way; raises FetchError. Called from threads."""


class Checking(Struct, frozen=True):
    """How sources are judged.

    Args:
        jobs: how many are read at once; None for what the store likes best.
        strict: whether warnings are errors.
        limits: on what is read, of one image and of all together.
        language_images: tells whether the language image that a manifest names exists; None to trust it.
        policy: judges language images; None to take any.
        narrow: leaves out what is not to be reported; None to report everything.
    """

    jobs: int | None
    strict: bool
    limits: Limits
    language_images: "Lookup | None" = None
    policy: "ByPolicy | None" = None
    narrow: Callable[[Assembly], Assembly] | None = None


def assemble(
    planned: Plan,
    store: ImageSource | None,
    directories: Directories,
    checking: Checking,
    observer: Observer,
) -> Assembly:
    """Read all sources of a plan at once, then check them all. One that fails never hides another.

    A signal that ends the run ends this, too; reads under way go on in their threads until the store is
    closed.

    Args:
        store: where images are read; None if the plan has none.
        directories: reads and judges those among the sources.
    """
    allowance = _Allowance(checking.limits)

    def read(source: Source, progress: Progress) -> StartPoint:
        def on_the_way(state: str, size: int) -> None:
            allowance.expect(source)
            progress(state, size)

        found = read_unweighed(source, on_the_way)
        allowance.take(source, found)
        return found

    def read_unweighed(source: Source, progress: Progress) -> StartPoint:
        if source.is_directory or store is None:
            return directories.start_point(source)
        reference = planned.reference(source.text)
        try:
            found = store.fetch(reference, progress)
        except FetchError as error:
            listed = planned.file.images if planned.file else ()
            raise with_hints(error, source, reference, store, listed) from error
        return replace(found, digest=planned.digests.get(source.text) or found.digest)

    if store:
        store.expect(planned.references)
    jobs = checking.jobs or (store.jobs if store else ImageSource.jobs)
    with observer.watch([source.text for source in planned.sources]) as watch:
        assembly = directories.judged(read_and_check(planned, read, jobs, watch))
    if checking.narrow:
        assembly = checking.narrow(assembly)
    if checking.language_images:
        from lsp_assembler.operations.language_images import verify_images

        assembly = verify_images(assembly, checking.language_images, jobs)
    if checking.policy:
        from lsp_assembler.operations.policed import apply_policy

        assembly = apply_policy(assembly, checking.policy)
    return assembly.strictly() if checking.strict else assembly


def read_and_check(planned: Plan, read: ReadSource, jobs: int, watch: Watch) -> Assembly:
    """Every source's outcome, and every finding. One is checked while others are still being read.

    Args:
        planned: sources[i].index == i.
        jobs: how many are read at the same time.
    """
    started = fetched = time.perf_counter()
    outcomes: list[Outcome] = []

    def arriving(reading: Iterator[Outcome]) -> Iterator[tuple[int, StartPoint]]:
        nonlocal fetched
        for outcome in reading:
            fetched = time.perf_counter()
            outcomes.append(outcome)
            if outcome.start_point:
                yield outcome.source.index, outcome.start_point
                outcomes[-1] = replace(outcome, start_point=outcome.start_point.outlined())
                watch(outcome.source.index, "checked", 0)

    with at_work(lambda source: _outcome(source, read, watch), planned.sources, jobs) as reading:
        from lsp_assembler import rules  # these take a while to import, in which others are being read

        findings = rules.check(planned.type, arriving(reading), planned.called)
    seconds = {"fetch": fetched - started, "check": time.perf_counter() - fetched}
    return Assembly(planned.type, tuple(outcomes), findings, seconds)


class _Allowance:
    """What all start points of a run may take of memory. Threads share it, and who is late gets nothing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.max_together
        self._is_spent = False
        self._taking = threading.Lock()

    def expect(self, source: Source) -> None:
        """Told that a start point is on its way.

        Raises:
            FetchError: another one got nothing, so this one need not be read any further.
        """
        if self._is_spent:
            raise too_large_together(source.text, self._limits)

    def take(self, source: Source, start_point: StartPoint) -> None:
        """Take what a start point needs.

        Raises:
            FetchError: there is not so much left.
        """
        weight = start_point.weight
        with self._taking:
            if weight > self._left:
                # One that is too large by itself spoils it for no other.
                self._is_spent = self._is_spent or weight <= self._limits.max_together
                raise too_large_together(source.text, self._limits)
            self._left -= weight


def _outcome(source: Source, read: ReadSource, watch: Watch) -> Outcome:
    began = time.perf_counter()
    try:
        start_point = read(source, lambda state, size: watch(source.index, state, size))
    except FetchError as error:
        watch(source.index, "failed", 0)
        failure = Failure(error.kind, str(error), error.cause)
        return Outcome(source, time.perf_counter() - began, failure=failure)
    watch(source.index, "fetched", start_point.tree.size)
    return Outcome(source, time.perf_counter() - began, start_point)
