"""The only way out: whatever the process writes, to stdout or to stderr, goes through a door.

Strangers choose names, and messages repeat them. The door makes every line harmless, whoever writes it:
ourselves, Typer or a library. What we mean a terminal or a runner to obey goes around it, through `verbatim`.
"""

import errno
import io
import os
import select
import shutil
import sys
import textwrap
import threading
from typing import Protocol

from lsp_assembler.errors import INTERNAL, INTERRUPTED, InvalidInputError
from lsp_assembler.text import harmless

_NARROW = 40
BROKEN_PIPE = 141
"""128 and the number of SIGPIPE, which is what a shell makes of a program that a closed pipe ends."""

_ELSEWHERE = "Write it to another place."
_REMEDIES = {
    errno.ENOSPC: "Free some space, or write it to another place.",
    errno.EDQUOT: "Free some space, or write it to another place.",
    errno.EBADF: "Redirect it to a file, or to /dev/null if you do not want it.",
}
_FACTS = {errno.EBADF: "it is not open for writing"}


class Writable(Protocol):
    """Where a door passes lines on to."""

    def write(self, text: str, /) -> object:
        """Write a text."""


class Descriptor(io.TextIOBase):
    """A standard stream as it is, in UTF-8 whatever the locale: names are in every script there is.

    It never raises: a progress line that is lost must not stop a build, and a report is written when images
    are published already. `failure` keeps why; what comes later is lost, too. Threads may share it.

    Args:
        number: 1 for stdout, 2 for stderr.
    """

    encoding = "utf-8"  # Typer and Rich ask for it
    errors = "backslashreplace"

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.failure: OSError | None = None
        self.has_document = False

    def write(self, text: str) -> int:
        """Write it all, at once."""
        left = memoryview(text.encode(self.encoding, self.errors))
        while left and self.failure is None:
            try:
                left = left[os.write(self._number, left) :]
            except BlockingIOError:  # the terminal or pipe is shared with a program that wants it so
                select.select([], [self._number], [])
            except OSError as error:
                self.failure = error
        return len(text)

    def fileno(self) -> int:
        """1 or 2."""
        return self._number

    def isatty(self) -> bool:
        """Whether a person is watching."""
        return os.isatty(self._number)


class Door(io.TextIOBase):
    """Passes lines on, harmless, each as soon as it is whole. Threads may share it."""

    encoding = Descriptor.encoding
    errors = Descriptor.errors

    def __init__(self, beneath: Writable) -> None:
        super().__init__()
        self.beneath = beneath
        self._lock = threading.Lock()
        self._begun = ""

    def write(self, text: str) -> int:
        """Take a text; the part after its last line feed waits for its end, or for `finish`."""
        if not isinstance(text, str):  # which is how Typer asks whether bytes are welcome
            raise TypeError(f"a door takes str, not {type(text).__name__}")
        with self._lock:
            whole, feed, self._begun = (self._begun + text).rpartition("\n")
            self.beneath.write(harmless(whole) + feed)
        return len(text)

    def finish(self) -> None:
        """Pass on what waits."""
        with self._lock:
            rest, self._begun = self._begun, ""
            self.beneath.write(harmless(rest))

    def fileno(self) -> int:
        """That of the stream beneath."""
        return self.beneath.fileno() if isinstance(self.beneath, io.TextIOBase) else super().fileno()

    def isatty(self) -> bool:
        """Whether a person is watching."""
        return isinstance(self.beneath, io.TextIOBase) and self.beneath.isatty()


def open_doors() -> None:
    """Put doors in the place of stdout and stderr.

    A standard stream that is closed is opened so that it cannot be written: its number must not become that
    of a file or a connection.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    sys.stdout, sys.stderr = Door(Descriptor(1)), Door(Descriptor(2))


def beneath(stream: Writable) -> Writable:
    """The stream behind a door, for what terminals are to obey; any other stream is its own."""
    return stream.beneath if isinstance(stream, Door) else stream


def say(text: str) -> None:
    """Tell a person something, on stderr; on a terminal no word of it is broken."""
    sys.stderr.write(f"{_wrapped(text)}\n")


def log(lines: str) -> None:
    """Write lines of a log on stderr, each of them whole."""
    sys.stderr.write(f"{lines}\n")


def complain(error: str) -> None:
    """Tell a person an error, on stderr; if that cannot be written, on stdout.

    Args:
        error: its messages, each in a line; lines that are indented belong to the one above them.
    """
    told = "\n".join(line if line.startswith(" ") else f"error: {line}" for line in error.split("\n"))
    say(told)
    if _failure(sys.stderr) and not _has_document():
        report(f"{told}\n")


def _wrapped(text: str) -> str:
    """Text for stderr: on a terminal broken at blanks, so that no word is; as it is anywhere else."""
    if not sys.stderr.isatty():
        return text
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return text
    if columns < _NARROW:  # or the terminal does not say
        return text
    return "\n".join(_folded(line, columns) for line in text.split("\n"))


def _folded(line: str, columns: int) -> str:
    if len(line) <= columns:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return "\n".join(
        textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )


def report(text: str) -> None:
    """Write what a run came to, for people, on stdout; it ends with a line feed, or is empty."""
    sys.stdout.write(text)


def document(text: str) -> None:
    """Write what a run came to, for a program, on stdout: nothing else may stand there."""
    behind = beneath(sys.stdout)
    if isinstance(behind, Descriptor):
        behind.has_document = True
    sys.stdout.write(text)


def verbatim(text: str) -> None:
    """Write a report with colours, tabs or workflow commands in it, which is harmless already, on stdout."""
    beneath(sys.stdout).write(text)


def width() -> int | None:
    """The columns of the terminal that stdout is; None if it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def has_color() -> bool:
    """Whether colours on stdout are welcome."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def is_lost() -> bool:
    """Whether stdout could not be written; a reader who did not want it all has lost nothing."""
    failure = _failure(sys.stdout)
    return failure is not None and failure.errno != errno.EPIPE


def finish(status: int) -> int:
    """Write what still waits. If a stream cannot be written, say so on the other one.

    Returns:
        the status to end with: the given one if all is written.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Door):
            stream.finish()
    lost = {"stdout": _failure(sys.stdout), "stderr": _failure(sys.stderr)}
    failures = {name: failure for name, failure in lost.items() if failure is not None}
    serious = {name: failure for name, failure in failures.items() if failure.errno != errno.EPIPE}
    for name, failure in serious.items():
        _tell_beside(name, failure)
    if not failures or status in (INTERNAL, INTERRUPTED):
        return status
    return InvalidInputError.exit_status if serious else BROKEN_PIPE


def _tell_beside(name: str, failure: OSError) -> None:
    """Say on the other stream what is wrong with this one."""
    fact = _FACTS.get(failure.errno or 0, failure.strerror)
    remedy = _REMEDIES.get(failure.errno or 0, _ELSEWHERE)
    complain(str(InvalidInputError(f"{name}: cannot write ({fact})", remedy)))


def _failure(stream: Writable) -> OSError | None:
    behind = beneath(stream)
    return behind.failure if isinstance(behind, Descriptor) else None


def _has_document() -> bool:
    behind = beneath(sys.stdout)
    return isinstance(behind, Descriptor) and behind.has_document
