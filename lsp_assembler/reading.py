"""Reading a file that somebody names: never more than makes sense. `/dev/zero` is a file, too."""

import errno
import os
from pathlib import Path

_MOST = 16 * 1024 * 1024


def read_file(path: Path, most: int = _MOST) -> bytes:
    """The content of a small file.

    Args:
        most: bytes.

    Raises:
        OSError: it cannot be read, or is larger (EFBIG, "File too large").
    """
    content = beginning(path, most)
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def beginning(path: Path, most: int) -> bytes:
    """The content of a file; of one with more bytes than the most, one byte more than that, which tells.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(most + 1)
