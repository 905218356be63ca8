"""A program that writes to a terminal, as a person sees it."""

import fcntl
import io
import os
import struct
import subprocess
import tempfile
import termios
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

_LINES = 50


def on_terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, columns: int, seconds: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command whose stdout is a terminal; stderr is a file, and there is nothing to read on stdin.

    Args:
        seconds: how long it may go on after it has left the terminal.
    """
    ours, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", _LINES, columns, 0, 0))
    with tempfile.TemporaryFile() as errors, os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=terminal, stderr=errors
        )
        os.close(terminal)
        shown = b"".join(iter(partial(_next, screen), b"")).decode().replace("\r\n", "\n")
        status = process.wait(seconds)
        errors.seek(0)
        return subprocess.CompletedProcess(command, status, shown, errors.read().decode())


def _next(screen: io.RawIOBase) -> bytes:
    """What comes next, b"" once all programs have left the terminal, which Linux calls an error."""
    try:
        return screen.read(65536) or b""
    except OSError:
        return b""
