"""The start points of an image, of a lock file or of images.yml: as one kind of list that can be compared."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.lockfile import FILENAME
from lsp_assembler.lockfile.file import Lock, load, parse
from lsp_assembler.model.start_point import SHA, START_POINT, URL, Source, StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.operations.inspection import REPOS, shas
from lsp_assembler.operations.plan import Plan, reference
from lsp_assembler.parallel import in_parallel
from lsp_assembler.reading import read_file
from lsp_assembler.stores.interface import ImageSource


class Listed(Struct, frozen=True):
    """One start point of a list.

    Args:
        name: as images.yml has it, e.g. "cyberdojofoundation/java_junit:LSP"; of an image that knows no such
            names, where it came from.
        digest: of the LSP image; "" where nobody knows.
        revision: the commit; "" where it is not said.
        source: the web address of its repository, or "".
        tree: its files, each path beginning with "start_point/"; None where they have not been read.
    """

    name: str
    digest: str
    revision: str
    source: str
    display_names: tuple[str, ...]
    image_names: tuple[str, ...]
    tree: Tree | None = None

    @property
    def title(self) -> str:
        """What learners call it, e.g. "Elm 0.19, elm-test"; else its name."""
        return " · ".join(self.display_names) or self.name


def is_lock(path: Path) -> bool:
    """Whether a file is a lock file, and no images.yml."""
    try:
        return read_file(path).lstrip().startswith(b"{")
    except OSError:
        return False


def of_lock_file(path: Path) -> list[Listed]:
    """What a lock file says.

    Raises:
        LockError: it is invalid.
    """
    return _of_lock(load(path))


def of_image(store: ImageSource, name: str) -> list[Listed]:
    """What a start-points image holds; one that was made without a lock file knows commits only.

    Raises:
        InvalidInputError: the name is malformed.
        FetchError: it cannot be read, or is no start-points image.
    """
    return of_repos(store.read(reference(name, "SOURCE"), REPOS), name)


def of_repos(repos: Tree, name: str) -> list[Listed]:
    """The same of the folder that an image has it in.

    Raises:
        FetchError: it is no such folder.
    """
    known = shas(repos, name)
    trees = {index: _without_notes(repos.below(index)) for index, _, _ in known}
    try:
        lock = parse(repos.files[FILENAME].content.decode("utf-8", "replace"), f"{name}: {FILENAME}")
    except (KeyError, LockError):
        return [_of_tree(url, sha, url, trees[index]) for index, sha, url in known]
    return [replace(each, tree=trees.get(str(index))) for index, each in enumerate(_of_lock(lock))]


def of_plan(planned: Plan, store: ImageSource, jobs: int | None) -> list[Listed]:
    """What images.yml stands for now; all images are read at once.

    Raises:
        FetchError: images cannot be read; all of them.
    """

    def read(source: Source) -> Listed | FetchError:
        try:
            return _of_start_point(source.text, store.fetch(planned.reference(source.text)))
        except FetchError as error:
            return error

    store.expect(planned.references)
    found = in_parallel(read, planned.sources, jobs or store.jobs)
    failures = [each for each in found if isinstance(each, FetchError)]
    if failures:
        reasons = [each.message for each in failures]
        raise FetchError(reasons, failures[0].remedy, kind=failures[0].kind)
    return [each for each in found if isinstance(each, Listed)]


def _of_lock(lock: Lock) -> list[Listed]:
    return [
        Listed(
            image.name,
            image.digest,
            image.revision or "",
            image.source or "",
            image.display_names,
            image.image_names,
        )
        for image in lock.images
    ]


def _of_start_point(name: str, point: StartPoint) -> Listed:
    return Listed(
        name,
        point.digest,
        point.revision or "",
        point.url or "",
        point.display_names,
        point.image_names,
        point.tree,
    )


def _of_tree(name: str, revision: str, source: str, tree: Tree) -> Listed:
    return replace(_of_start_point(name, StartPoint("", tree)), revision=revision, source=source)


def _without_notes(tree: Tree) -> Tree:
    """A start point without what the assembly wrote into it."""
    notes = {f"{START_POINT}/{name}" for name in (SHA, URL)}
    return Tree.of({path: file for path, file in tree.files.items() if path not in notes})
