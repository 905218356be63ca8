"""An LTF checkout, or any directory that holds start points, read from disk."""

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from lsp_assembler.errors import FetchError
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import Limits, path_too_long, too_large, too_many_entries

_CHECK = "Check the directory"
_OPENING_BRACE = re.compile(rb"\s*\{")


def read_checkout(directory: Path, limits: Limits, only: frozenset[str] | None = None) -> Tree:
    """The tree of one index dir: `start_point/…` if the directory has it, else all it holds.

    Links to files that count are read as those files; all others are in the tree's `links`. So no link
    brings out what .gitignore hides, or the token that CI left in .git/config.

    Args:
        directory: e.g. Path("../java-junit").
        only: the paths that count, relative to the directory; None for all. (.git never does.)

    Raises:
        FetchError: not-found, unreadable, unsafe, corrupt, or over the limits.
    """
    try:
        if not directory.is_dir():
            fact = "is not a directory" if directory.exists() else "does not exist"
            raise FetchError(
                f"{directory}: it {fact}; expected a checkout with a start_point folder",
                "Check the path.",
                kind="not-found",
            )
        return _Reader(directory, limits, only).read()
    except OSError as error:
        raise _unreadable(directory, error) from error


def language_image_name(directory: Path) -> Reference | None:
    """The image name that docker/image_name.json gives, or None where there is no such file.

    Raises:
        FetchError: the file cannot be read, or is not `{"image_name": "a well-formed name"}`.
    """
    path = directory / "docker" / "image_name.json"
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise _unreadable(directory, error) from error
    except (ValueError, RecursionError) as error:
        raise _names_no_image(path, f"it is not JSON: {error}") from error
    name = found.get("image_name") if isinstance(found, dict) else None
    if not isinstance(name, str):
        raise _names_no_image(path, "it has no image_name that is a string")
    try:
        return Reference.parse(name)
    except ValueError as error:
        raise _names_no_image(path, str(error)) from error


def completed(tree: Tree, name: Reference | None) -> Tree:
    """The tree with image_name filled in, if its manifest has none; in the first line, so lines stay true.

    Args:
        name: what `language_image_name` found.
    """
    file = tree.files.get(MANIFEST)
    opening = _OPENING_BRACE.match(file.content) if file else None
    if name is None or file is None or opening is None or not _lacks_image_name(tree):
        return tree
    key = b' "image_name": ' + json.dumps(str(name)).encode() + b","
    content = file.content[: opening.end()] + key + file.content[opening.end() :]
    return tree.joined(Tree.of({MANIFEST: File(content, file.executable)}))


def _unreadable(directory: Path, error: OSError) -> FetchError:
    return FetchError(
        f"{directory}: cannot read '{error.filename}' ({error.strerror})",
        "Check the permissions.",
        kind="unreadable",
    )


def _names_no_image(path: Path, fact: str) -> FetchError:
    return FetchError(
        f'{path}: it does not name an image: {fact}; expected {{"image_name": "NAME"}}',
        "Correct the file.",
        kind="corrupt",
    )


class _Reader:
    """One walk over one directory, in sorted order, under limits."""

    def __init__(self, directory: Path, limits: Limits, only: frozenset[str] | None) -> None:
        self._directory = directory
        self._inside = directory.resolve()
        self._limits = limits
        self._only = only
        self._size = 0
        self._files: dict[str, File] = {}
        self._directories: list[str] = []
        self._links: list[str] = []

    def read(self) -> Tree:
        top = self._directory / "start_point"
        if top.is_dir() and not top.is_symlink():
            self._directories.append("start_point")
            self._walk(top)
        else:
            self._walk(self._directory)
        return Tree.of(self._files, self._directories, self._links)

    def _walk(self, folder: Path) -> None:
        for entry in _entries(folder):
            path = Path(entry.path).relative_to(self._directory).as_posix()
            is_folder = entry.is_dir(follow_symlinks=False)
            if not self._counts(path, is_folder=is_folder):
                continue
            self._check(path)
            if is_folder:
                self._directories.append(path)
                self._walk(Path(entry.path))
            else:
                self._add(path, entry)

    def _counts(self, path: str, *, is_folder: bool) -> bool:
        if self._only is None or not is_folder:
            return self._only is None or path in self._only
        return any(known.startswith(f"{path}/") for known in self._only)

    def _add(self, path: str, entry: os.DirEntry[str]) -> None:
        target = Path(os.path.realpath(entry.path))  # Path.resolve raises RuntimeError for links in a circle
        if entry.is_symlink() and not self._may_follow(target):
            self._links.append(path)
            return
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FetchError(
                f"{self._directory}: '{path}' is a special file; only regular files and directories "
                "are accepted",
                "Remove it.",
                kind="unsafe",
            )
        self._size += status.st_size
        if self._size > self._limits.max_bytes:
            raise too_large(str(self._directory), self._limits, _CHECK)
        self._files[path] = File(target.read_bytes(), bool(status.st_mode & 0o111))

    def _may_follow(self, target: Path) -> bool:
        if not (target.is_relative_to(self._inside) and target.is_file()):
            return False
        path = target.relative_to(self._inside)
        return ".git" not in path.parts and self._counts(path.as_posix(), is_folder=False)

    def _check(self, path: str) -> None:
        if len(self._files) + len(self._directories) + len(self._links) >= self._limits.max_entries:
            raise too_many_entries(str(self._directory), self._limits, _CHECK)
        if len(os.fsencode(path)) > self._limits.max_path:
            raise path_too_long(str(self._directory), path, self._limits)
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise FetchError(
                f"{self._directory}: the file name {os.fsencode(path)!r} is not UTF-8",
                "Rename it.",
                kind="unsafe",
            ) from error


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from sorted((entry for entry in entries if entry.name != ".git"), key=lambda entry: entry.name)


def _lacks_image_name(tree: Tree) -> bool:
    try:
        manifest = Manifest.parse(MANIFEST, tree)
    except ManifestSyntaxError:
        return False
    return bool(manifest.data) and "image_name" not in manifest.data
