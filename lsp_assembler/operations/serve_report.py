"""The report that goes with what a service serves: on the same images, under the same policy."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config.images_file import load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.lockfile import FILENAME
from lsp_assembler.operations import history
from lsp_assembler.operations.locked import lock_path
from lsp_assembler.operations.plan import plan
from lsp_assembler.operations.recorded_durations import recorded_in
from lsp_assembler.operations.report import ReportRequest
from lsp_assembler.operations.serve import ServeRequest, SourceKind, kind_of
from lsp_assembler.stores.open import StoreOptions


class Beside(Struct, frozen=True):
    """What a report is to know beside what is served. The fields are those of `ReportRequest`."""

    services: Path | None = None
    data: Path | None = None
    history: Path | None = None
    policy: Path | None = None


def report_request(request: ServeRequest, beside: Beside, stores: StoreOptions) -> ReportRequest:
    """What to report on. The history is only read.

    Args:
        stores: how stores are used for the report.

    Raises:
        InvalidInputError: what is served does not say of which LSP images it is made; or files that are
            named do not hold what they should, all of them.
    """
    source, listed_in = _source(request)
    _check(beside)
    return ReportRequest(
        source=source,
        services=beside.services,
        data=beside.data,
        policy=beside.policy,
        history=beside.history,
        adds=False,
        listed_in=listed_in,
        from_store=request.from_store,
        jobs=request.jobs,
        stores=stores,
        environ=request.environ,
    )


def _check(beside: Beside) -> None:
    """Read the files now, so that what is wrong with them keeps the service from starting."""
    readers: list[tuple[Path | None, Callable[[Path], object]]] = [
        (beside.services, lambda path: load(str(path), is_named=True)),
        (beside.data, recorded_in),
        (beside.history, history.load),
    ]
    problems = []
    for path, read in readers:
        try:
            if path:
                read(path)
        except InvalidInputError as error:
            problems.append(error.message)
    if problems:
        lines = [line for each in problems for line in each.splitlines()]
        raise InvalidInputError(lines, "Correct what is wrong, or name another file.")


def _source(request: ServeRequest) -> tuple[str, Path | None]:
    """What the report is on, and the images.yml that goes with it, if that is not the usual one."""
    kind, source = kind_of(request.sources), request.sources[0]
    if kind is SourceKind.LIST and request.locked:
        return str(lock_path(plan((), Path(source)), request.lock_file)), Path(source)
    if kind in (SourceKind.LIST, SourceKind.IMAGE):
        return source, None
    if kind is SourceKind.FOLDER:
        lock = Path(source) / FILENAME
        if lock.is_file():
            return str(lock), None
        raise InvalidInputError(
            f"--shas: '{source}' has no {FILENAME}, which would say which LSP images it was built from",
            "Serve the image or its images.yml instead, or leave out --shas.",
        )
    raise InvalidInputError(
        "--shas: a checkout has no versions to show; expected an image, an images.yml or a folder of "
        f"index dirs with {FILENAME}",
        "Leave it out.",
    )
