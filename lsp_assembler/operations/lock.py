"""`lock`: write what every name in images.yml stands for now, by digest."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.lockfile.diff import LockDiff, Requested, diff, words_of
from lsp_assembler.lockfile.file import Lock, load, lock_of, save
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.result import Result
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.base import about_base, failure, find_base, named
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.locked import lock_path, refusal
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import Plan, base_of, plan
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class LockRequest(ListRequest, frozen=True, kw_only=True):
    """What to lock, and how.

    Args:
        accept_moved: whether a tag that is meant to be immutable may have moved.
        base: the base image; None for the one in images.yml.
        strict: whether warnings are errors.
    """

    accept_moved: bool = False
    base: str | None = None
    strict: bool = False


class LockResult(Struct, frozen=True):
    """What a run of `lock` came to.

    Args:
        result: of reading and checking; where its exit_status is not 0, nothing was written.
        path: of the lock file.
        lock: what it says now; None where anything was wrong.
        is_written: whether that is news.
        diff: how it differs from what it said before; None where there was no lock file.
    """

    result: Result
    path: Path
    lock: Lock | None = None
    is_written: bool = False
    diff: LockDiff | None = None

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong."""
        return self.result.exit_status


def lock(request: LockRequest, observer: Observer = SILENT) -> LockResult:
    """Read and check everything as `check` does; if nothing is wrong, write the lock file.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        LockError: there is a lock file, and it is invalid.
        FetchError: the store cannot be reached.
        PublishError: the lock file cannot be written.
    """
    started = time.perf_counter()
    spec = StoreSpec.source(request.from_store)
    planned = plan((), request.file, request.type)
    name = base_of(planned, request.base)
    path = lock_path(planned, request.lock_file)
    before = load(path) if path.exists() else None
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        store = stores.reader(spec)
        stores.warn_of_rate_limit(spec, planned.references)
        finding = find_base(
            partial(store.base, planned.reference(str(name))), about_base(planned, request.base)
        )
        directories = Directories(planned.type, request.stores.limits, request.environ, "check")
        checking = Checking(request.jobs, request.strict, request.stores.limits)
        assembly = assemble(planned, store, directories, checking, observer)
        found = finding.result()
    base = found if isinstance(found, FetchError) else named(found, name, planned)
    result = _checked(assembly, base, None if request.accept_moved else before, planned)
    result = replace(result, images_file=planned.listed_in).with_total(time.perf_counter() - started)
    if result.exit_status or isinstance(base, FetchError):
        return LockResult(result, path)
    made = lock_of(assembly, base, _platforms(base, before))
    diff = _diff(before, made) if before else None
    return LockResult(result, path, made, save(made, path), diff)


def _checked(assembly: Assembly, base: BaseImage | FetchError, before: Lock | None, planned: Plan) -> Result:
    """The result of reading, with whatever is against writing the lock."""
    refused = refusal(assembly, base, before, planned, "check")
    if refused:
        return refused
    if isinstance(base, FetchError):
        return Result(
            assembly, base.exit_status, error=str(base), base_failure=failure(base), command="check"
        )
    return Result(assembly, assembly.exit_status, command="check")


def _platforms(base: BaseImage, before: Lock | None) -> Mapping[str, str]:
    """Its platforms; what an earlier run knew of the same image is kept where this store cannot tell."""
    if not base.platforms and before and before.base.digest == base.digest:
        return before.base.platforms
    return base.platforms


def _diff(before: Lock, made: Lock) -> LockDiff:
    digests = {image.name: image.digest for image in made.images} | {made.base.name: made.base.digest}
    requested = Requested(made.type, made.base.name, tuple(each.name for each in made.images))
    return diff(before, requested, digests, {image.name: words_of(image) for image in made.images})
