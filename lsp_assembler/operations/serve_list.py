"""The part of `serve` that assembles: an images.yml, or checkouts."""

import time
from pathlib import Path

from msgspec.structs import replace

from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.result import Result
from lsp_assembler.model.served import Served, ServedStartPoint
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.by_policy import by_policy
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.locked import existing, locked, refusal, required
from lsp_assembler.operations.observer import Observer
from lsp_assembler.operations.plan import Plan, base_of, plan
from lsp_assembler.operations.recipe import sha_of, url_of
from lsp_assembler.operations.serve import ServeRequest, Taken
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


def take_list(request: ServeRequest, observer: Observer, *, is_file: bool) -> Taken:
    """Assemble in memory, as `check` does.

    Args:
        is_file: whether the one source is an images.yml; else all are checkouts.

    Raises:
        LspAssemblerError: as `take` says.
    """
    started = time.perf_counter()
    file = Path(request.sources[0]) if is_file else None
    planned = plan(() if is_file else request.sources, file, request.type)
    lock = existing(planned, request.lock_file) if is_file and not request.locked else None
    if request.locked:
        lock = required(planned, base_of(planned, None), request.lock_file, ())
        planned = locked(planned, lock)
    assembly = _assembled(planned, request, observer)
    result = refusal(assembly, None, lock, planned, "check") or Result(
        assembly, assembly.exit_status, command="check"
    )
    result = replace(result, images_file=planned.listed_in).with_total(time.perf_counter() - started)
    served = _of_assembly(assembly)
    if is_file and planned.file:
        return Taken(served, result, planned.file.port, planned.registries)
    return Taken(served, result)


def _assembled(planned: Plan, request: ServeRequest, observer: Observer) -> Assembly:
    spec = StoreSpec.source(request.from_store)
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        store = stores.reader(spec) if planned.needs_store else None
        stores.warn_of_rate_limit(spec, planned.references)
        policy = by_policy(planned, stores, request.jobs)
        checking = Checking(request.jobs, request.strict, request.stores.limits, policy=policy)
        directories = Directories(planned.type, request.stores.limits, request.environ, "check")
        return assemble(planned, store, directories, checking, observer)


def _of_assembly(assembly: Assembly) -> Served:
    start_points = [
        ServedStartPoint(str(each.source.index), sha_of(point), url_of(each.source, point), point.tree)
        for each in assembly.outcomes
        if (point := each.start_point)
    ]
    return Served(assembly.type, sorted(start_points, key=lambda point: point.place))
