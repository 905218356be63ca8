"""Files that appear whole or not at all, also where a signal ends the run in the middle of writing."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lsp_assembler.files.runs import sweep, temporary_path


class Staging:
    """Writes each file beside its place first, then renames it. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unfinished: set[Path] = set()
        self._swept: set[Path] = set()
        self._is_closed = False

    @contextmanager
    def replacing(self, path: Path) -> Iterator[IO[bytes]]:
        """A file to write to; at the end, if nothing went wrong, it takes the place of `path`.

        Raises:
            OSError: it cannot be written, or this was closed.
        """
        staged = temporary_path(path.parent)
        try:
            with self._begin(staged) as stream:
                yield stream
                os.fchmod(stream.fileno(), 0o644)
            staged.rename(path)
        finally:
            _remove(staged)
            self._unfinished.discard(staged)

    def close(self) -> None:
        """Remove what other threads have not finished. They may go on writing, but nothing comes of it."""
        with self._lock:
            self._is_closed = True
            for staged in tuple(self._unfinished):  # which other threads change
                _remove(staged)

    def _begin(self, staged: Path) -> IO[bytes]:
        with self._lock:  # so that nothing is begun behind the back of `close`
            if self._is_closed:
                raise OSError("the store was closed")
            self._unfinished.add(staged)
            staged.parent.mkdir(parents=True, exist_ok=True)
            if staged.parent not in self._swept:
                sweep(staged.parent)
                self._swept.add(staged.parent)
            return staged.open("xb")


def _remove(staged: Path) -> None:
    with suppress(OSError):  # it was renamed, or never came to be; else, what went wrong is told already
        staged.unlink()
