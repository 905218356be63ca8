"""One process at a time at a file that is read, changed, and put in place anew."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep all others who lock the same file waiting.

    What takes the file's place meanwhile has no lock, so whoever gets one makes sure that its file is still
    the one of that name. Nothing is left behind, and a process that ends lets go.

    Args:
        path: of a file that is there; of a link, its target counts.

    Raises:
        OSError: it cannot be opened.
    """
    while True:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                yield
                return
        finally:
            os.close(descriptor)
