"""Progress on stderr: live lines for a person at a terminal, else one line for each finished image."""

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from lsp_assembler.cli import output
from lsp_assembler.operations.observer import Pending, Watch
from lsp_assembler.reports.pending import announced
from lsp_assembler.reports.wording import human_size
from lsp_assembler.text import visible

if TYPE_CHECKING:
    from rich.console import Console

_LEFT = ("waiting", "pulling", "extracting")
_TOLD = ("waiting", "failed")
_BUSY = ("pulling", "extracting")
_DONE = ("fetched", "pulled", "failed")
_REFRESHES_PER_SECOND = 10
_BAR = 24  # characters
_MARGIN = 4  # lines of the terminal that the live display leaves alone


@contextlib.contextmanager
def watching(names: Sequence[str]) -> Iterator[Watch]:
    """An observer of the sources of these names, shown for as long as the context lasts.

    Live only if stderr is a terminal and CI is unset: Rich by itself also animates under FORCE_COLOR.
    """
    names = [visible(name) for name in names]
    if _is_live():
        with _live(names) as observer:
            yield observer
    else:
        yield _lines(names)


@contextlib.contextmanager
def pulling(pending: Pending) -> Iterator[Watch]:
    """An observer of language images that are pulled: a bar of bytes, or a line for each that is done."""
    if pending.images:
        output.say(announced(pending))
    if not _is_live():
        yield _lines([visible(name) for name in pending.images])
        return
    with _bar(pending) as observer:
        yield observer


def _is_live() -> bool:
    return sys.stderr.isatty() and "CI" not in os.environ and os.environ.get("TERM") != "dumb"


def _lines(names: Sequence[str]) -> Watch:
    lock = threading.Lock()
    done = 0

    def observe(index: int, state: str, size: int) -> None:
        nonlocal done
        if state in _DONE:
            with lock:
                done += 1
                detail = f"fetched ({human_size(size)})" if state == "fetched" else state
                output.say(f"[{done}/{len(names)}] {names[index]} {detail}")

    return observe


@contextlib.contextmanager
def _live(names: Sequence[str]) -> Iterator[Watch]:
    started = time.monotonic()
    states = dict.fromkeys(range(len(names)), ("waiting", 0))

    def observe(index: int, state: str, size: int) -> None:
        states[index] = (state, size)  # one key a source, each set by one thread: no lock needed

    def shown(room: int) -> list[str]:
        now = list(states.items())
        counted = Counter(state for _, (state, _) in now)
        done = len(now) - sum(counted[state] for state in _LEFT)
        parts = [f"{done} of {len(now)}", f"{time.monotonic() - started:.0f} s"]
        parts += [f"{counted[state]} {state}" for state in _TOLD if counted[state]]
        summary = ", ".join(parts)
        busy = [(index, state, size) for index, (state, size) in now if state in _BUSY]
        lines = [
            f"  {state:<10} {human_size(size) if size else '':>9}  {names[index]}"
            for index, state, size in busy[:room]
        ]
        return [summary, *lines]

    with _drawn(shown):
        yield observe


@contextlib.contextmanager
def _bar(pending: Pending) -> Iterator[Watch]:
    """The bytes of all pulls in one bar, and below it which images are under way."""
    states: dict[int, str] = {}
    so_far = 0

    def observe(index: int, state: str, size: int) -> None:
        nonlocal so_far
        states[index] = state
        so_far = max(so_far, size)

    def shown(room: int) -> list[str]:
        now = list(states.items())
        done = sum(state in _DONE for _, state in now)
        head = f"{done} of {len(pending.images)} done  {human_size(so_far)}"
        if pending.bytes:
            part = min(1.0, so_far / pending.bytes)
            total = f"{'at least ' if pending.unknown else ''}{human_size(pending.bytes)}"
            head += f" of {total}  [{'=' * int(part * _BAR):<{_BAR}}] {part:4.0%}"
        busy = [index for index, state in now if state in _BUSY]
        return [head, *(f"  pulling  {visible(pending.images[index])}" for index in busy[:room])]

    with _drawn(shown):
        yield observe


@contextlib.contextmanager
def _drawn(lines: Callable[[int], list[str]]) -> Iterator[None]:
    """Lines at the end of the terminal, drawn again and again for as long as the context lasts.

    Args:
        lines: made from how many the terminal has room for, besides one.
    """
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    def shown() -> Group:
        room = max(1, console.height - _MARGIN)
        return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in lines(room)))

    # Rich takes the colours out of what others write for its own. A door of ours does not let them in.
    console = Console(file=output.beneath(sys.stderr))  # type: ignore[arg-type]  # it only writes and asks
    live = Live(
        console=console,
        get_renderable=shown,
        refresh_per_second=_REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live, contextlib.redirect_stderr(output.Door(_Above(console))):
        yield


class _Above(Struct):
    """Where lines go that are written while others are drawn."""

    console: "Console"

    def write(self, text: str, /) -> None:
        """Write whole lines above those that are drawn."""
        from rich.text import Text

        self.console.print(Text(text), end="", soft_wrap=True)
