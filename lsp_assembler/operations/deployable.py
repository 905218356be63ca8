"""Reads what is to be deployed: the language images that nodes need, and where start points come from."""

from pathlib import Path

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.lockfile import FILENAME as LOCK
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.labels import BASE_NAME_LABEL
from lsp_assembler.model.result import Result
from lsp_assembler.operations.named_images import named_images
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.operations.request import DEFAULT_FILE, ReadRequest
from lsp_assembler.operations.serve import ServeRequest, SourceKind, kind_of, take
from lsp_assembler.reading import read_file
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_CHECK = "Run 'lsp-assembler check', which says what to do about each."


class DeployableRequest(ReadRequest, frozen=True, kw_only=True):
    """What is to be deployed, and how it is read.

    Args:
        source: a start-points image, e.g. "cyberdojo/languages-start-points:4edf92a", or the path of an
            images.yml; a lock file beside that counts, too.
    """

    source: str


def deployable(request: DeployableRequest, observer: Observer = SILENT) -> Deployable:
    """Read it, and see that the service will take it.

    Raises:
        InvalidInputError: the request, images.yml or a manifest is wrong.
        LockError: the lock file beside images.yml is invalid or stale.
        FetchError: images cannot be read, or one is no start-points image.
    """
    kind = kind_of([request.source])
    if kind not in (SourceKind.IMAGE, SourceKind.LIST):
        raise InvalidInputError(
            f"{request.source}: it is a folder of this machine; expected an image or an images.yml",
            "Build an image of it, and publish that.",
        )
    path = Path(request.source)
    lock = path.parent / LOCK
    is_locked = kind is SourceKind.LIST and lock.exists()
    taken = take(
        ServeRequest(
            sources=[request.source],
            from_store=request.from_store,
            locked=is_locked,
            jobs=request.jobs,
            stores=request.stores,
            environ=request.environ,
        ),
        observer,
    )
    if taken.result:
        _refuse(taken.result)
    named = named_images(taken.served.start_points)
    if named.problems:
        raise InvalidInputError([f"{request.source}: {problem}" for problem in named.problems], _CHECK)
    files = [path] * (kind is SourceKind.LIST) + [lock] * is_locked
    return Deployable(
        request.source,
        taken.served.type,
        taken.port or taken.served.type.default_port,
        tuple(sorted(map(str, named.images))),
        {name: _text(file) for name, file in zip((DEFAULT_FILE.name, LOCK), files, strict=False)},
        _base(request) if kind is SourceKind.IMAGE else "",
    )


def _refuse(result: Result) -> None:
    """Refuse what the service refuses.

    Raises:
        FetchError: sources cannot be read; all of them.
        InvalidInputError: start points break rules; all that do.
    """
    assembly = result.assembly
    failures = [each.failure for each in assembly.failures if each.failure]
    if failures:
        raise FetchError(
            [each.message.partition("\n")[0] for each in failures], _CHECK, kind=failures[0].kind
        )
    if errors := sorted(assembly.errors, key=lambda each: each.index):
        sources = [outcome.source.text for outcome in assembly.outcomes]
        raise InvalidInputError([f"{sources[each.index]}: {each.message}" for each in errors], _CHECK)


def _base(request: DeployableRequest) -> str:
    with Stores(request.stores, request.environ, SILENT.notice) as stores:  # all was told when it was read
        store = stores.reader(StoreSpec.source(request.from_store))
        return store.describe(reference(request.source, "kubernetes")).labels.get(BASE_NAME_LABEL, "")


def _text(path: Path) -> str:
    return read_file(path).decode("utf-8", "replace")
