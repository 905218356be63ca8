"""A stand-in for python:slim, which a test must not download: Debian's own Python, with git and tini.

debootstrap downloads and checks the packages. They are unpacked, but not configured, which takes half the
time and is enough to run these programs.
"""

import os
import subprocess
import tarfile
from pathlib import Path

from tests.services.process import missing

_PACKAGES = ("git", "python3", "python3-venv", "tini")
_ARCHIVES = "var/cache/apt/archives"
_UNUSED = (_ARCHIVES, "debootstrap", "dev", "usr/share/doc", "usr/share/locale", "usr/share/man")


def python_base_missing() -> str:
    """Why it cannot be made here, e.g. "debootstrap not installed"; "" if it can."""
    return "debootstrap needs root" if os.geteuid() else missing("debootstrap", "dpkg-deb")


def make_python_base(folder: Path) -> Path:
    """Its file system as a tar file, for `docker import`; takes half a minute and 400 MB.

    Args:
        folder: an empty one, of a file system that takes devices.
    """
    root = folder / "root"
    options = ("--foreign", "--variant=minbase", f"--include={','.join(_PACKAGES)}")
    subprocess.run(["debootstrap", *options, _release(), root], check=True, stdout=subprocess.DEVNULL)
    unpacked = (root / "debootstrap/required").read_text("utf-8").split()
    for package in sorted((root / _ARCHIVES).glob("*.deb")):
        if package.name.partition("_")[0] not in unpacked:
            _unpack(package, root)
    with tarfile.open(folder / "base.tar", "w") as tar:
        tar.add(root, ".", filter=_used)
    return folder / "base.tar"


def _unpack(package: Path, root: Path) -> None:
    """Unpack where /bin and /lib are links, and must stay so."""
    files = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    command = ("tar", "--extract", "--keep-directory-symlink", "--directory", root)
    subprocess.run(command, input=files, check=True)


def _release() -> str:
    """The release of Debian that runs here, or else one that has a Python new enough."""
    for line in Path("/etc/os-release").read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME" and value in ("bookworm", "trixie"):
            return value
    return "bookworm"


def _used(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = entry.name.removeprefix("./")
    return None if path in _UNUSED else entry
