"""`check`: read start points and judge them by every rule; build nothing."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from lsp_assembler.errors import FINDINGS, FetchError, InvalidInputError, LockError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.result import Result
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.base import failure
from lsp_assembler.operations.by_policy import by_policy
from lsp_assembler.operations.comparison import comparison, require
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.ground import Ground, ground
from lsp_assembler.operations.locked import existing, refusal
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import plan
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.parallel import in_background
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_FIRST = (InvalidInputError.exit_status, FetchError.exit_status, LockError.exit_status, FINDINGS)
"""The status of a run is the first of these that applies."""


class CheckRequest(ListRequest, frozen=True, kw_only=True):
    """What to check, and how.

    Args:
        sources: image names and directories in place of the list in images.yml, which need not be there then;
            () for the list.
        strict: whether warnings are errors.
        beside: a list of which the sources are going to be a part: whether each display_name is free there.
        verify_images: whether to ask the registries if every language image exists.
    """

    sources: Sequence[str] = ()
    beside: Path | None = None
    strict: bool = False
    verify_images: bool = False


def check(request: CheckRequest, observer: Observer = SILENT) -> Result:
    """Read and check. What is wrong with a source is in the result.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        LockError: the lock file is invalid, or the one that is named is not there.
        FetchError: the store cannot be reached.
    """
    started = time.perf_counter()
    spec = StoreSpec.source(request.from_store)
    if request.beside:
        require(request.beside)
    planned = plan(request.sources, request.beside or request.file, request.type)
    lock = None if request.beside else existing(planned, request.lock_file)
    directories = Directories(planned.type, request.stores.limits, request.environ, "check")
    compared = comparison(planned, directories) if request.beside else None
    planned = compared.planned if compared else planned
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        lookup = stores.registries if request.verify_images else None
        store = stores.reader(spec) if planned.needs_store else None
        finding = None
        if planned.listed_in and not compared:
            asked = None if request.stores.offline else store
            finding = in_background(partial(ground, planned, asked, observer.notice))
        stores.warn_of_rate_limit(spec, planned.references)
        narrow = compared.of_own if compared else None
        policy = by_policy(planned, stores, request.jobs)
        checking = Checking(request.jobs, request.strict, request.stores.limits, lookup, policy, narrow)
        assembly = assemble(planned, store, directories, checking, observer)
        found = finding.result() if finding else Ground()
    if compared:
        compared.tell(observer.notice)
    result = _with(found, assembly, refusal(assembly, found.base, lock, planned, "check"))
    return replace(result, images_file=planned.listed_in).with_total(time.perf_counter() - started)


def _with(found: Ground, assembly: Assembly, refused: Result | None) -> Result:
    """The result of reading and checking, with all that stops a run as a whole."""
    errors = [*map(str, found.errors), *([refused.error] if refused and refused.error else [])]
    met = {*(each.exit_status for each in found.errors), (refused or assembly).exit_status}
    status = next((each for each in _FIRST if each in met), 0)
    of_base = next((failure(each) for each in found.errors if isinstance(each, FetchError)), None)
    return Result(assembly, status, error="\n".join(errors) or None, base_failure=of_base, command="check")
