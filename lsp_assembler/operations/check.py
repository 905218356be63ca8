"""`check`: read start points and judge them by every rule; build nothing."""

import time
from collections.abc import Sequence

from msgspec.structs import replace

from lsp_assembler.model.result import Result
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.locked import existing, refusal
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import plan
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.stores.open import Stores, StoreSpec


class CheckRequest(ListRequest, frozen=True, kw_only=True):
    """What to check, and how.

    Args:
        sources: image names and directories in place of the list in images.yml, which need not be there then;
            () for the list.
        strict: whether warnings are errors.
        verify_images: whether to ask the registries if every language image exists.
    """

    sources: Sequence[str] = ()
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
    planned = plan(request.sources, request.file, request.type)
    lock = existing(planned, request.lock_file)
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        lookup = stores.registries if request.verify_images else None
        store = stores.reader(spec) if planned.needs_store else None
        stores.warn_of_rate_limit(spec, planned.references)
        directories = Directories(planned.type, request.stores.limits, request.environ, "check")
        checking = Checking(request.jobs, request.strict, request.stores.limits, lookup)
        assembly = assemble(planned, store, directories, checking, observer)
    refused = refusal(assembly, None, lock, "check")
    result = refused or Result(assembly, assembly.exit_status, command="check")
    return replace(result, images_file=planned.listed_in).with_total(time.perf_counter() - started)
