"""What there is to pack in a checkout: as its commit holds it, or, as work in progress, as it is on disk."""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.checkout import git, image_name
from lsp_assembler.checkout.committed import read_committed
from lsp_assembler.checkout.reader import not_readable, read_checkout
from lsp_assembler.errors import FetchError
from lsp_assembler.model.checkout import IMAGE_NAME_FILE
from lsp_assembler.model.manifest import NAME
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import START_POINT
from lsp_assembler.model.tree import Tree
from lsp_assembler.oci.layers import Limits

_NEW = "??"
_MOST_HIDDEN = 10_000  # files; more are no work of an author
_ON_THE_WAY = (IMAGE_NAME_FILE, IMAGE_NAME_FILE.partition("/")[0])


class Snapshot(Struct, frozen=True):
    """A checkout at one moment.

    Args:
        tree: the files that count, relative to the checkout.
        docker_name: what docker/image_name.json says; None where there is no such file.
        commit: which holds just these; None for work in progress.
        source: the web address of the repository, e.g. "https://github.com/org/java-junit", or "".
        changes: how files differ from the commit that is checked out, as git says it; {} if there is none.
    """

    tree: Tree
    docker_name: Reference | None
    commit: git.Commit | None
    source: str
    changes: Mapping[str, str] = {}

    @property
    def untracked(self) -> tuple[str, ...]:
        """The files that are new to git."""
        return tuple(path for path, letters in self.changes.items() if letters == _NEW)


def snapshot(directory: Path, limits: Limits, environ: Mapping[str, str]) -> Snapshot:
    """Read a checkout: bytes and modes from the commit, where the checkout is clean.

    Without any git history, the commit that CI names counts. The folder start_point stands for its checkout.

    Args:
        environ: the environment's variables, for git and for what CI says.

    Raises:
        FetchError: the checkout cannot be read, git refuses, or it is over the limits.
    """
    directory = _checkout_of(directory)
    repository = git.repository_of(directory, environ) if directory.is_dir() else None
    if repository is None:
        tree = read_checkout(directory, limits)
        name = image_name.language_image_name(directory)
        return Snapshot(tree, name, git.commit_from_ci(environ), git.source_from_ci(environ))
    commit, source = repository.head(), repository.source()
    entries = repository.entries(commit) if commit else []
    has_folder = any(entry.path.partition("/")[0] == START_POINT for entry in entries)
    parts = (START_POINT, IMAGE_NAME_FILE) if has_folder else (".",)
    if not has_folder:
        _refuse_ignored(directory, repository)
    if commit and entries and repository.is_clean(entries, parts):
        tree = _with_hidden(directory, read_committed(directory, repository, entries, limits))
        return Snapshot(tree, _committed_name(directory, repository, entries), commit, source)
    tree = _with_hidden(directory, read_checkout(directory, limits, repository.files()))
    changes = repository.changes(parts) if has_folder else {}
    return Snapshot(tree, image_name.language_image_name(directory), None, source, changes)


def _with_hidden(directory: Path, tree: Tree) -> Tree:
    """The tree with the names of the files that git ignores: those on disk that are not in it."""
    walked = os.walk(directory / START_POINT)
    files = (Path(folder, name).relative_to(directory) for folder, _, names in walked for name in names)
    found = {file.as_posix() for file in islice(files, _MOST_HIDDEN)}
    return replace(tree, hidden=frozenset(found - tree.files.keys()))


def refuse_folder_above(directory: Path) -> None:
    """A folder of checkouts is not one itself.

    Raises:
        FetchError: there are checkouts in it, and nothing that would make it one.
    """
    if any(os.path.lexists(directory / name) for name in (START_POINT, NAME, ".gitmodules")):
        return
    try:
        inside = sorted(child for child in directory.iterdir() if (child / START_POINT).is_dir())
    except OSError:  # told when it is read
        return
    if len(inside) == 1:
        name = inside[0] if directory.is_absolute() or ".." in directory.parts else f"./{inside[0]}"
        raise FetchError(
            f"{directory}: it has no folder {START_POINT}, but {inside[0].name} has",
            f"Say {name}.",
            kind="not-found",
        )
    if inside:
        raise FetchError(
            f"{directory}: it is not a checkout, but holds {len(inside)} of them",
            f"Say 'pack --from-tree {directory}', or 'check {directory}/*/'.",
            kind="not-found",
        )


def _checkout_of(directory: Path) -> Path:
    """The directory, or, where it is the start_point folder of a checkout, what that folder is in."""
    is_inside = directory.is_dir() and directory.resolve().name == START_POINT
    return directory / ".." if is_inside and not os.path.lexists(directory / START_POINT) else directory


def _committed_name(
    directory: Path, repository: git.Repository, entries: list[git.Entry]
) -> Reference | None:
    for entry in entries:
        if entry.path in _ON_THE_WAY and entry.mode in (git.LINK, git.SUBMODULE):
            raise not_readable(directory, IMAGE_NAME_FILE)
        if entry.path == IMAGE_NAME_FILE:
            return image_name.parse(repository.contents([entry.object_id])[entry.object_id], directory)
    return None


def _refuse_ignored(directory: Path, repository: git.Repository) -> None:
    """What git ignores must not seem to be empty."""
    for path in (".", START_POINT):
        if (directory / path).exists() and repository.ignores(path):
            raise FetchError(
                f"{directory}: git ignores {'it' if path == '.' else path}, so no commit can hold it",
                "Take it out of .gitignore, or give it a repository of its own with 'git init'.",
                kind="unreadable",
            )
