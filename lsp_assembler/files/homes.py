"""Where the files of a user are."""

import os
from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """The user's home, e.g. /home/ada; it need not be there."""
    return Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111  Path's raises for nobody


def docker_folder(environ: Mapping[str, str]) -> Path:
    """Where Docker's own client keeps its configuration, e.g. ~/.docker; it need not be there."""
    return Path(environ.get("DOCKER_CONFIG") or home(environ) / ".docker")
