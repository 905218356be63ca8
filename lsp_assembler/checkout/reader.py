"""An LTF checkout, or any directory that holds start points, read from disk.

Others may change the directory meanwhile: every file is opened from folder to folder without following a
link, and what was opened is what is looked at.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_assembler.checkout.limited import Limited
from lsp_assembler.errors import FetchError
from lsp_assembler.model.start_point import START_POINT
from lsp_assembler.model.tree import File, Tree, ancestors
from lsp_assembler.oci.layers import Limits

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FILE = (errno.ENXIO, errno.ELOOP, errno.EOPNOTSUPP)  # what opening a socket, or a link, fails with
_SUBMODULE = re.compile(rb"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)
_MOST_CONFIG = 64 * 1024
_LEAST = 8192  # bytes read at once


def read_checkout(directory: Path, limits: Limits, only: frozenset[str] | None = None) -> Tree:
    """The tree of one index dir: `start_point/…` if the directory has it, else all it holds.

    Links to files that count are read as those files. So no link brings out what .gitignore hides, or the
    token that CI left in .git/config.

    Args:
        directory: e.g. Path("../java-junit").
        only: the paths that count, relative to the directory; None for all. (.git never does.)

    Raises:
        FetchError: not-found, unreadable, unsafe, or over the limits.
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
        raise unreadable(directory, error) from error


def read_file(directory: Path, path: str, most: int) -> bytes | None:
    """One small file of a checkout; None where there is none.

    Args:
        path: relative to the directory; no part of it may be a link.
        most: bytes; a larger file is an error.

    Raises:
        FetchError: it is too large, is no regular file, or cannot be read.
    """
    try:
        with _opened(directory.resolve(), path) as file:
            content, _ = _content(file, most)
    except OSError as error:
        if error.errno in _NO_FILE:
            content = None
        elif error.errno in (errno.ENOENT, errno.ENOTDIR):
            if not _has_link(directory, path):
                return None
            content = None
        else:
            error.filename = path
            raise unreadable(directory, error) from error
    if content is None or len(content) > most:
        raise not_readable(directory, path, most if content else None)
    return content


def not_readable(directory: Path, path: str, most: int | None = None) -> FetchError:
    """A file of a checkout has more than so many bytes; or, without a number, it is none."""
    what = f"has more than {most:,} bytes" if most else "is not a regular file, or is behind a link"
    return FetchError(
        f"{directory}: '{path}' {what}", "Put a small regular file in its place.", kind="unsafe"
    )


def unreadable(directory: Path, error: OSError) -> FetchError:
    """A file or folder of a checkout cannot be read."""
    return FetchError(
        f"{directory}: cannot read '{error.filename}' ({error.strerror})",
        "Check the permissions.",
        kind="unreadable",
    )


class _Reader:
    """One walk over one directory, in sorted order, under limits."""

    def __init__(self, directory: Path, limits: Limits, only: frozenset[str] | None) -> None:
        self._inside = directory.resolve()
        self._only = only
        self._reading = Limited(directory, limits)
        self._files: dict[str, File] = {}
        self._directories: list[str] = []
        self._submodules = _submodules(directory) | self._folders_in(only or ())
        # Those that count: what is above a file that does, and what must be refused by name.
        self._folders = {parent for path in only or () for parent in ancestors(path)} | self._submodules

    def read(self) -> Tree:
        top = self._inside / START_POINT
        if top.is_dir() and not top.is_symlink():
            self._enter(START_POINT)
        else:
            self._walk("", self._inside)
        self._reading.finish()
        return Tree.of(self._files, self._directories)

    def _folders_in(self, paths: Iterable[str]) -> frozenset[str]:
        """The folders among paths that git names as it names files: other repositories."""
        found = (path.rstrip("/") for path in paths if path.endswith("/") or (self._inside / path).is_dir())
        return frozenset(path for path in found if not (self._inside / path).is_symlink())

    def _enter(self, path: str) -> None:
        if path in self._submodules or os.path.lexists(f"{self._inside}/{path}/.git"):
            self._reading.refuse(path, "is a submodule, or a git repository of its own")
            return
        self._directories.append(path)
        self._walk(path, self._inside / path)

    def _walk(self, path: str, folder: Path) -> None:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries
            )
        for name, is_folder, is_link in found:
            inner = f"{path}/{name}" if path else name
            if name == ".git" or not self._counts(inner, is_folder=is_folder):
                continue
            if is_folder:
                self._reading.add(inner)
                self._enter(inner)
            else:
                self._add(inner, is_link=is_link)

    def _counts(self, path: str, *, is_folder: bool) -> bool:
        return self._only is None or path in (self._folders if is_folder else self._only)

    def _add(self, path: str, *, is_link: bool) -> None:
        target = path
        if is_link:
            found = self._target(path)
            if found is None:
                return
            target = found
        try:
            with _opened(self._inside, target) as file:
                content, is_executable = _content(file, self._reading.bytes_left)
        except OSError as error:
            if error.errno not in _NO_FILE:
                error.filename = path
                raise
            content, is_executable = None, False
        if content is None:
            self._reading.refuse(path, "is a special file")
        else:
            self._reading.add(path, len(content))
            self._files[path] = File(content, is_executable)

    def _target(self, link: str) -> str | None:
        """The path of the file that a link leads to; None, noted, where it is none that counts."""
        target = Path(os.path.realpath(self._inside / link))  # Path.resolve raises for links in a circle
        what = ""
        if not target.is_relative_to(self._inside):
            what = "is a link that leads out of the checkout"
        elif target.is_dir():
            what = "is a link to a folder"
        elif not target.exists():
            what = "is a link to nothing"
        else:
            path = target.relative_to(self._inside)
            if ".git" not in path.parts and self._counts(path.as_posix(), is_folder=False):
                return path.as_posix()
            what = "is a link to a file that git ignores"
        self._reading.refuse(link, what)
        return None


def _has_link(directory: Path, path: str) -> bool:
    return any((directory / each).is_symlink() for each in (*ancestors(path), path))


@contextmanager
def _opened(folder: Path, path: str) -> Iterator[int]:
    """A file in a folder, opened without following any link below the folder."""
    *folders, name = path.split("/")
    current = os.open(folder, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for each in folders:
            inner = os.open(each, _FOLDER, dir_fd=current)
            os.close(current)
            current = inner
        file = os.open(name, _FILE, dir_fd=current)
    finally:
        os.close(current)
    try:
        yield file
    finally:
        os.close(file)


def _content(file: int, most: int) -> tuple[bytes | None, bool]:
    """The content of an open file, a byte more than the most if it has more, and whether an x bit is set.

    The content is None where it is no regular file.
    """
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return None, False
    room, parts = max(0, most) + 1, []
    # Memory is taken before it is read, so no more than there seems to be; it may have grown since.
    while room and (part := os.read(file, min(room, max(status.st_size, _LEAST) + 1))):
        parts.append(part)
        room -= len(part)
    return b"".join(parts), bool(status.st_mode & 0o111)


def _submodules(directory: Path) -> frozenset[str]:
    """The folders that .gitmodules names, whether or not git has filled them."""
    try:
        content = read_file(directory, ".gitmodules", _MOST_CONFIG) or b""
    except FetchError:
        return frozenset()
    return frozenset(os.fsdecode(path).strip('"') for path in _SUBMODULE.findall(content))
