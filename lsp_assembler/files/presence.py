"""Whether a file is there, also where nobody may look."""

from pathlib import Path


def is_there(path: str | Path) -> bool:
    """Whether a path exists, as far as can be seen; what may not be looked at counts, and fails later."""
    try:
        return Path(path).exists()
    except OSError:
        return True
