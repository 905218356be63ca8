"""Files that appear whole or not at all, even if a signal ends the run in the middle of writing."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from lsp_assembler.files.runs import sweep, temporary_path


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file beside `path` to write to; at the end, if nothing went wrong, it takes the place of `path`.

    Args:
        mode: the permissions of the file, whatever the umask.

    Raises:
        OSError: it cannot be written.
    """
    staged = temporary_path(path.parent)
    try:
        with staged.open("xb") as stream:
            os.fchmod(stream.fileno(), mode)
            yield stream
        staged.rename(path)
    finally:
        _remove(staged)


class Staging:
    """The files that one store writes. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unfinished: set[Path] = set()
        self._ready: set[Path] = set()
        self._is_closed = False

    @contextmanager
    def replacing(self, path: Path) -> Iterator[IO[bytes]]:
        """See `replacing`; it makes the folder, and cleans up what killed runs left there.

        Raises:
            OSError: the file cannot be written, or this was closed.
        """
        with ExitStack() as stack:
            with self._lock:  # nothing may start while `close` is at work
                if self._is_closed:
                    raise OSError("the store was closed")
                self._prepare(path.parent)
                stream = stack.enter_context(replacing(path))
                self._unfinished.add(Path(stream.name))
            try:
                yield stream
            finally:
                self._unfinished.discard(Path(stream.name))

    def close(self) -> None:
        """Remove the unfinished files of other threads, which then fail to put them in place."""
        with self._lock:
            self._is_closed = True
            for staged in tuple(self._unfinished):  # a copy: other threads change the set
                _remove(staged)

    def _prepare(self, folder: Path) -> None:
        if folder not in self._ready:
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            self._ready.add(folder)


def _remove(staged: Path) -> None:
    with suppress(OSError):  # it is gone; or the cause is reported already
        staged.unlink()
