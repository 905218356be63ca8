"""`diff`: what is different between two sets of start points."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.tree import Tree
from lsp_assembler.operations.inspection import with_room
from lsp_assembler.operations.listing import Listed, of_image, of_lock_file, of_plan
from lsp_assembler.operations.named_source import planned_of
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class DiffRequest(ReadRequest, frozen=True, kw_only=True):
    """What to compare, and how.

    Args:
        old, new: a start-points image, e.g. "cyberdojo/languages-start-points:4edf92a", or the path of a lock
            file or of an images.yml.
    """

    old: str
    new: str


class FileChanges(Struct, frozen=True):
    """The paths of files that are different, e.g. "start_point/hiker.sh"."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """One start point that is in both sets, and not the same.

    Args:
        files: None where they could not be compared.
        problem: why, or "".
    """

    old: Listed
    new: Listed
    files: FileChanges | None
    problem: str = ""


class DiffResult(Struct, frozen=True):
    """What is different.

    Args:
        old, new: as the request names them.
        same: how many start points are the same.
    """

    old: str
    new: str
    added: tuple[Listed, ...]
    removed: tuple[Listed, ...]
    changed: tuple[Change, ...]
    same: int

    @property
    def exit_status(self) -> int:
        """Always 0: that there are differences is no failure."""
        return 0


def diff(request: DiffRequest, observer: Observer = SILENT) -> DiffResult:
    """Compare two sets of start points. Start points belong together if their LSP images have one repository.

    Of two lists by digest, only the images that changed are read.

    Raises:
        InvalidInputError: the request or an images.yml is wrong.
        LockError: a lock file is invalid.
        FetchError: an image cannot be read, or is no start-points image.
    """
    spec = StoreSpec.source(request.from_store)
    plans = {each: planned_of(each) for each in (request.old, request.new)}
    registries: dict[str, HostSettings] = {}
    for planned in filter(None, plans.values()):
        registries |= planned.registries
    options = with_room(request.stores)
    with (
        Stores(options, request.environ, observer.notice, registries) as of_images,
        Stores(request.stores, request.environ, observer.notice, registries) as of_lsp_images,
    ):

        def listed(text: str) -> list[Listed]:
            if planned := plans[text]:
                return of_plan(planned, of_lsp_images.reader(spec), request.jobs)
            if Path(text).is_file():
                return of_lock_file(Path(text))
            return of_image(of_images.reader(spec), text)

        pairs, removed, added = paired(listed(request.old), listed(request.new))
        different = [pair for pair in pairs if not _is_same(*pair)]
        changed = _changes(different, of_lsp_images, spec, request.jobs)
    same = len(pairs) - len(changed)
    return DiffResult(request.old, request.new, tuple(added), tuple(removed), changed, same)


class HasName(Protocol):
    """What `paired` goes by; see Listed."""

    @property
    def name(self) -> str:
        """As images.yml has it."""

    @property
    def source(self) -> str | None:
        """The web address of its repository, if it is known."""


Comparable = TypeVar("Comparable", bound=HasName)
_Pair = tuple[Listed, Listed]
_Read = Tree | FetchError | None


def paired(
    old: Sequence[Comparable], new: Sequence[Comparable]
) -> tuple[list[tuple[Comparable, Comparable]], list[Comparable], list[Comparable]]:
    """What belongs together, what is only in the old list, and what only in the new one, in their orders.

    Of several versions of one image, those of one name belong together first, then the others in their order.
    """
    left, right = dict(enumerate(old)), dict(enumerate(new))
    pairs: dict[int, tuple[Comparable, Comparable]] = {}
    for key in (_name, _repository):
        known: defaultdict[str, list[int]] = defaultdict(list)
        for position, each in left.items():
            known[key(each)].append(position)
        for position, each in list(right.items()):
            if known[key(each)]:
                pairs[position] = (left.pop(known[key(each)].pop(0)), right.pop(position))
    return [pairs[position] for position in sorted(pairs)], list(left.values()), list(right.values())


def _name(listed: HasName) -> str:
    return listed.name


def _repository(listed: HasName) -> str:
    """What stays the same when a version changes: the repository of the image, or of the sources."""
    try:
        return repository_of(Reference.parse(listed.name))
    except ValueError:
        return listed.source or listed.name


def _is_same(old: Listed, new: Listed) -> bool:
    if old.digest and new.digest:
        return old.digest == new.digest
    return (old.revision, old.tree) == (new.revision, new.tree)


def _changes(pairs: Sequence[_Pair], stores: Stores, spec: StoreSpec, jobs: int | None) -> tuple[Change, ...]:
    """What has changed in each pair; images that have not been read yet are, by digest."""
    lacking = [each for pair in pairs for each in pair if each.tree is None and each.digest]
    trees: dict[int, _Read] = {id(each): each.tree for pair in pairs for each in pair}
    if lacking:
        store = stores.reader(spec)
        trees.update(zip(map(id, lacking), _trees(lacking, store, jobs or store.jobs), strict=True))
    return tuple(_change(old, new, trees[id(old)], trees[id(new)]) for old, new in pairs)


def _trees(images: Sequence[Listed], store: ImageSource, jobs: int) -> list[Tree | FetchError]:
    def read(image: Reference) -> Tree | FetchError:
        try:
            return store.fetch(image).tree
        except FetchError as error:
            return error

    references = [Reference.parse(each.name).with_digest(each.digest) for each in images]
    store.expect(references)
    return in_parallel(read, references, jobs)


def _change(old: Listed, new: Listed, before: _Read, after: _Read) -> Change:
    problems = [each.message for each in (before, after) if isinstance(each, FetchError)]
    if not isinstance(before, Tree) or not isinstance(after, Tree):
        return Change(old, new, None, problems[0] if problems else "they are not known")
    both = before.files.keys() & after.files.keys()
    files = FileChanges(
        tuple(sorted(after.files.keys() - both)),
        tuple(sorted(before.files.keys() - both)),
        tuple(sorted(path for path in both if before.files[path] != after.files[path])),
    )
    return Change(old, new, files)
