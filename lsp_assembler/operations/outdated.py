"""`outdated`: what is newer than what images.lock and images.yml say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.lockfile.diff import CurrentDigest, LockDiff, Words, diff
from lsp_assembler.lockfile.file import Lock
from lsp_assembler.model.images import SCRATCH, Description
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.locked import existing, lock_path, wanted
from lsp_assembler.operations.newest import Standing, standings
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import Plan, base_of, plan
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.operations.tags import version_of
from lsp_assembler.parallel import in_background, in_parallel
from lsp_assembler.stores.interface import ImageSource, Pull
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


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
        diff: all differences between it and now; None if there is no such file.
        file: the path of images.yml.
        versions: how each of its entries stands whose tag does not move; one that cannot be read, which the
            differences tell, has no place here.
    """

    path: Path
    diff: LockDiff | None
    file: Path = Path("images.yml")
    versions: tuple[Standing, ...] = ()

    @property
    def newer(self) -> tuple[Standing, ...]:
        """The entries for which there is a newer version."""
        return tuple(each for each in self.versions if each.version)

    @property
    def failed(self) -> tuple[Standing, ...]:
        """Those for which nobody can say."""
        return tuple(each for each in self.versions if each.error)

    @property
    def exit_status(self) -> int:
        """0, or the status of what went wrong; that there is a newer version is nothing wrong."""
        if self.failed:
            return FetchError.exit_status
        return self.diff.exit_status if self.diff else 0


def outdated(request: OutdatedRequest, observer: Observer = SILENT) -> OutdatedResult:
    """Ask what every name stands for now, and which versions there are; fetch no start point.

    A name that nobody can tell is in the result. Without a lock file only versions are looked for.

    Raises:
        InvalidInputError: the request or images.yml is wrong.
        LockError: the lock file is invalid, or the one that the request names is missing.
        FetchError: the store cannot be reached.
    """
    spec = StoreSpec.source(request.from_store)
    planned = plan((), request.file, request.type)
    base = base_of(planned, request.base)
    path = lock_path(planned, request.lock_file)
    lock = existing(planned, request.lock_file)
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        # What an engine has is looked at as it is: asking should change nothing there.
        store, as_it_is = stores.reader(spec), stores.reader(spec, Pull.NEVER)
        comparing = in_background(lambda: _compared(lock, planned, base, (store, as_it_is), request.jobs))
        found = standings(as_it_is, planned.sources, request.jobs)
        found = _with_words(found, as_it_is, request.jobs)
        differences = comparing.result()
    told = {each.name for each in differences.entries if each.now is None} if differences else set()
    versions = [
        each
        for each in found
        if each.state in ("newer", "newest", "failed") and not (each.error and each.entry.text in told)
    ]
    return OutdatedResult(path, differences, planned.path or Path(), tuple(versions))


def _compared(
    lock: Lock | None,
    planned: Plan,
    base: Reference,
    stores: tuple[ImageSource, ImageSource],
    jobs: int | None,
) -> LockDiff | None:
    """All differences between the lock and now; None without a lock.

    Args:
        stores: where digests are asked for, and what images say of themselves.
    """
    if lock is None:
        return None
    needed = wanted(planned, base)
    answers = _ask(stores[0], (needed.base, *needed.images), jobs)
    found = diff(lock, needed, answers)
    names = [each.name for each in found.entries if each.state == "moved" and each.role == "image"]
    said = zip(names, _described(stores[1], names, jobs), strict=True)
    words = {name: _words(known) for name, known in said if known and known.digest == answers[name]}
    return diff(lock, needed, answers, words)


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


def _described(store: ImageSource, names: Sequence[str], jobs: int | None) -> list[Description | None]:
    """What images say of themselves, all asked at once: words for people, who can do without them."""

    def said(name: str) -> Description | None:
        try:
            return store.describe(Reference.parse(name))
        except FetchError:
            return None

    return in_parallel(said, names, jobs or store.jobs)


def _words(said: Description) -> Words:
    version = version_of("", said)
    return Words(version.revision, version.title)


def _with_words(found: Sequence[Standing], store: ImageSource, jobs: int | None) -> tuple[Standing, ...]:
    """The same, where newer versions whose images nobody has looked at yet say what they are."""
    bare = {
        each.entry.index: str(Reference.parse(each.entry.text).with_tag(each.version.tag))
        for each in found
        if each.version and not each.version.digest
    }
    said = dict(zip(bare, _described(store, list(bare.values()), jobs), strict=True))
    return tuple(
        replace(each, version=version_of(each.version.tag, known))
        if each.version and (known := said.get(each.entry.index))
        else each
        for each in found
    )
