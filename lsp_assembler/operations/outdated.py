"""`outdated`: compare images.lock with images.yml, and with what its names stand for now."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.lockfile.diff import CurrentDigest, LockDiff, diff
from lsp_assembler.lockfile.file import load
from lsp_assembler.model.images import SCRATCH
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.locked import lock_path, wanted
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import base_of, plan
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores, StoreSpec


class OutdatedRequest(ListRequest, frozen=True, kw_only=True):
    """What to compare, and how.

    Args:
        base: the base image; None for the one in images.yml.
    """

    base: str | None = None


class OutdatedResult(Struct, frozen=True):
    """What a run of `outdated` came to.

    Args:
        path: of the lock file.
        diff: all differences.
    """

    path: Path
    diff: LockDiff

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong."""
        return self.diff.exit_status


def outdated(request: OutdatedRequest, observer: Observer = SILENT) -> OutdatedResult:
    """Ask what every name stands for now; fetch no start point. A name that nobody can tell is in the result.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        LockError: the lock file is missing or invalid.
        FetchError: the store cannot be reached.
    """
    spec = StoreSpec.source(request.from_store)
    planned = plan((), request.file, request.type)
    needed = wanted(planned, base_of(planned, request.base))
    path = lock_path(planned, request.lock_file)
    lock = load(path)
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        answers = _ask(stores.reader(spec), (needed.base, *needed.images), request.jobs)
    return OutdatedResult(path, diff(lock, needed, answers))


def _ask(store: ImageSource, names: Sequence[str], jobs: int | None) -> Mapping[str, CurrentDigest]:
    """What every name stands for now, all asked at once; one that fails never hides another."""

    def answer(name: str) -> CurrentDigest:
        if name == SCRATCH:
            return ""
        try:
            return store.digest(Reference.parse(name))
        except FetchError as error:
            return error

    store.expect([Reference.parse(name) for name in names if name != SCRATCH])
    return dict(zip(names, in_parallel(answer, names, jobs or store.jobs), strict=True))
