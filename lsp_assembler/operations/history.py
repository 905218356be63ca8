"""A history of builds: a file to which each build adds one line of JSON, and what it may hold."""

import os
import time
from collections import deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.files.locking import locked
from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.language import Durations
from lsp_assembler.operations.listing import Listed
from lsp_assembler.text import visible

_LONGEST = 16 * 1024 * 1024  # bytes of a line: hundreds of times what 84 start points need
_REMEDY = "Remove that line, or restore the file, then run it again."
_ELSEWHERE = "Check the path and the free space, or choose another file with --history."


class BuiltOn(Struct, frozen=True):
    """A base image; its digest is "" for scratch."""

    name: str
    digest: str


class BuiltFrom(Struct, frozen=True):
    """One start point of a build.

    Args:
        name: as images.yml has it, e.g. "cyberdojofoundation/java_junit:LSP".
        revision, source: the commit and its repository; None where nobody says.
        image_names: the language images.
        size: of its files, in bytes; None where nobody looked.
        durations: of its tests; None where nobody says.
    """

    name: str
    digest: str
    revision: str | None = None
    source: str | None = None
    display_names: tuple[str, ...] = ()
    image_names: tuple[str, ...] = ()
    size: int | None = None
    durations: Durations | None = None

    @property
    def listed(self) -> Listed:
        """The same as what can be compared."""
        return Listed(
            self.name,
            self.digest,
            self.revision or "",
            self.source or "",
            self.display_names,
            self.image_names,
        )


class Build(Struct, frozen=True):
    """One line of a history.

    Args:
        time: when it was built, or what SOURCE_DATE_EPOCH says, in RFC 3339.
        names, digest, platforms: of the image.
        revision: the commit of images.yml; None where there is none.
        start_points: in the order of images.yml.
    """

    schema: Literal[1]
    time: str
    names: tuple[str, ...]
    digest: str
    platforms: tuple[str, ...]
    base: BuiltOn
    revision: str | None
    start_points: tuple[BuiltFrom, ...]


def now(epoch: int | None) -> str:
    """The time of a build that has just been made.

    Args:
        epoch: what SOURCE_DATE_EPOCH says, in seconds since 1970; None if it is not set.
    """
    return timestamp(int(time.time()) if epoch is None else epoch)


def load(path: Path) -> list[Build]:
    """All builds of a history, the oldest first.

    Raises:
        InvalidInputError: it cannot be read, or has lines that no build has written; all of them.
    """
    builds, problems = [], []
    try:
        with path.open("rb") as file:
            for number, line in _lines(file):
                try:
                    builds.append(_build(line))
                except ValueError as error:
                    problems.append(f"{path}: line {number} {error}")
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror}", "Check the path.") from error
    if problems:
        raise InvalidInputError(problems, _REMEDY)
    return builds


def check(path: Path) -> None:
    """Make sure that a build can be added: the last line is whole, and a build wrote it.

    Raises:
        InvalidInputError: it is not so, or the file cannot be written.
    """
    try:
        if path.exists():
            with path.open("r+b") as file:
                _last(file, path)
        elif not os.access(path.absolute().parent, os.W_OK):
            fact = f"{path}: cannot be written: there is no such folder, or it cannot be written to"
            raise InvalidInputError(fact, _ELSEWHERE)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be written: {error.strerror}", _ELSEWHERE) from error


def append(build: Build, path: Path, *, only_news: bool = False) -> None:
    """Add a build. Others who add at the same time wait, and a line that does not fit leaves no part of it.

    Args:
        only_news: whether nothing is to happen if the last build made the same image.

    Raises:
        InvalidInputError: the last line is torn, or not from a build.
        PublishError: it cannot be written.
    """
    line = msgspec.json.encode(build) + b"\n"
    try:
        path.touch()
        with locked(path), path.open("r+b") as file:
            last = _last(file, path)
            if only_news and last and last.digest == build.digest:
                return
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(line)
                file.flush()
            except BaseException:
                os.ftruncate(file.fileno(), end)
                raise
    except OSError as error:
        raise PublishError(f"{path}: cannot be written: {error.strerror}", _ELSEWHERE) from error


def _last(file: IO[bytes], path: Path) -> Build | None:
    """The last build; None in an empty file.

    Raises:
        InvalidInputError: the last line is something else; with its number.
        OSError: it cannot be read.
    """
    for number, line in deque(_lines(file), 1):
        try:
            return _build(line)
        except ValueError as error:
            raise InvalidInputError(f"{path}: line {number} {error}", _REMEDY) from error
    return None


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, from 1; of one that is too long its beginning, and nothing after it."""
    for number in count(1):
        line = file.readline(_LONGEST)
        if line:
            yield number, line
        if len(line) in (0, _LONGEST):
            return


def _build(line: bytes) -> Build:
    """What a line says.

    Raises:
        ValueError: it is torn, or no build wrote it; the message goes on after "line 3".
    """
    if not line.endswith(b"\n"):
        raise ValueError("has no end; a build that wrote it was stopped, or it was edited")
    try:
        build = msgspec.json.decode(line, type=Build)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is not from a build ({visible(str(error))})") from error
    if epoch_of(build.time) is None:
        raise ValueError(f"is not from a build (its time is '{visible(build.time[:40])}')")
    return build
