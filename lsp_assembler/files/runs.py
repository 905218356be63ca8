"""The id of a run, whether the run is over, and the files that a killed one left."""

import contextlib
import functools
import os
import platform
import re
import secrets
import shutil
from pathlib import Path

_LEFTOVER = re.compile(r"\.lsp-assembler\.(?P<run>.+)\.[0-9a-f]{16}")


def run_id(pid: int) -> str:
    """The id of a run: "HOST.PID.START"; START tells a process from a later one with the same pid."""
    return f"{_host()}.{pid}.{_started(pid)}"


def is_gone(run: str) -> bool:
    """Whether the process of a run is gone for sure; False for a run on another host or in a container."""
    host, _, rest = run.rpartition(".")[0].rpartition(".")
    if host != _host() or not (rest.isascii() and rest.isdecimal()):
        return False
    return not _exists(int(rest)) or run_id(int(rest)) != run


def temporary_path(folder: Path) -> Path:
    """A path in a folder for something unfinished, with the id of this run in it."""
    return folder / f".lsp-assembler.{run_id(os.getpid())}.{secrets.token_hex(8)}"


def sweep(folder: Path) -> None:
    """Remove what killed runs left unfinished in a folder, as far as possible."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            matched = _LEFTOVER.fullmatch(entry.name)
            if not matched or not is_gone(matched["run"]):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


@functools.cache  # needed for each file that is written, and always the same in one process
def _host() -> str:
    """This host and pid namespace: a pid says nothing about a process in another container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return platform.node().replace(".", "-")


def _started(pid: int) -> str:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return "0"
    return status.rpartition(")")[2].split()[19]  # field 22 of proc(5): start time in clock ticks


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
