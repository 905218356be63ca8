"""SIGINT and SIGTERM: when they end a run, and the moments in which they must not.

It imports next to nothing, so that a process can listen as soon as it runs.
"""

import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_HELD_BACK = (*_SIGNALS, signal.SIGALRM)  # see _interrupt
_RETRY = 0.005  # seconds until a signal that came at a bad moment is looked at again
_DEAF_FUNCTIONS = ("__del__", "__set_name__")
_DEAF_MODULES = ("/weakref.py", "/_weakrefset.py")


class Interrupted(BaseException):
    """SIGINT or SIGTERM. Not KeyboardInterrupt, which Typer would turn into a status of its own."""


class _State:
    """What has come; there is one for the process, as there is one handler."""

    came = False


def note() -> None:
    """From now on a signal is remembered until `listen`; a second one ends the process at once."""
    for number in _SIGNALS:
        signal.signal(number, _note)


def listen() -> None:
    """From now on a signal raises Interrupted in the main thread; a second one ends the process at once.

    Raises:
        Interrupted: one has come since `note`.
    """
    for number in _SIGNALS:
        signal.signal(number, _second if _State.came else _first)
    if _State.came:
        raise Interrupted


def ignore() -> None:
    """From now on signals change nothing: what they would prevent is done."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in _SIGNALS:  # not SIG_IGN: Python complains of a signal that came just before
        signal.signal(number, _nothing)


def came() -> bool:
    """Whether a signal has come that is meant to end the run: whatever fails now fails because of it."""
    return _State.came


class HeldBack:
    """A context: a signal that comes meanwhile counts at its end. For what must not be done by half.

    Leaving it raises Interrupted if one came.
    """

    def __enter__(self) -> None:
        self._found: list[int] = []
        self._before = [(number, signal.signal(number, self._remember)) for number in _HELD_BACK]

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)
        if self._found:
            signal.raise_signal(self._found[0])

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._found.append(number)


def _note(_number: int, _frame: FrameType | None) -> None:
    _State.came = True
    for each in _SIGNALS:
        signal.signal(each, _second)


def _first(number: int, frame: FrameType | None) -> None:
    _note(number, frame)
    _interrupt(number, frame)


def _second(_number: int, _frame: FrameType | None) -> None:
    os._exit(128 + signal.SIGINT)  # errors.INTERRUPTED, which is not imported yet when `note` is called


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Raise Interrupted, if the code that runs now lets it through; else try again in a moment."""
    if _is_deaf(frame):
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, _RETRY)
        return
    raise Interrupted


def _is_deaf(frame: FrameType | None) -> bool:
    """Whether an exception would not come out as what it is.

    A C extension that is imported may make a SystemError of it. Python prints what a finalizer or the
    callback of a weak reference raises, and goes on; it makes a RuntimeError of what __set_name__ raises.
    """
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith("<frozen importlib") or code.co_filename.endswith(_DEAF_MODULES):
            return True
        if code.co_name in _DEAF_FUNCTIONS:
            return True
        frame = frame.f_back
    return False


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler: the signal is heard, and changes nothing."""
