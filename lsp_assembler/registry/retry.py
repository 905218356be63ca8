"""Waiting: what Retry-After says, the pauses that hold for a whole host, and trying again."""

import math
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from lsp_assembler.registry.errors import Trouble

T = TypeVar("T")
_LONGEST_BACKOFF = 15.0
_SAME_PAUSE = 1.0
_WORTH_SAYING = 1.0


def parse_retry_after(value: str | None, now: datetime) -> float:
    """Seconds to wait, e.g. 12.0 for "12" or for an HTTP date 12 s ahead; 0.0 where it says nothing.

    Follows RFC 9110, section 10.2.3. A date in the past, and anything malformed, counts as nothing.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return 0.0
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def backoff(first: float, tries: int) -> float:
    """How long to wait after so many failed tries: doubling from `first` seconds, half of it chance."""
    longest = min(_LONGEST_BACKOFF, first * 2.0 ** min(tries, 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  spreads load, guards no secret


class Waiter:
    """Holds back every thread that asks a host which told one of them to wait.

    Safe to share between threads.

    Args:
        patience: the longest that one operation waits for a host, in seconds.
        first_backoff: seconds before the second try, where the host does not say.
        on_wait: told once for each pause, e.g. "ghcr.io asks us to wait 12 s".
    """

    def __init__(self, patience: float, first_backoff: float, on_wait: Callable[[str], None]) -> None:
        self._patience = patience
        self._first_backoff = first_backoff
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._closed = threading.Event()

    def close(self) -> None:
        """Wake every sleeper; what they were waiting for then fails."""
        self._closed.set()

    def sleep(self, seconds: float) -> None:
        """Sleep, for 0 seconds or longer, unless the client is closed.

        Raises:
            Trouble: it was closed.
        """
        if self._closed.wait(seconds):
            raise Trouble("unavailable", "the client was closed before it could ask", "Run it again.")

    def pass_gate(self, host: str) -> None:
        """Wait until the host may be asked.

        Raises:
            Trouble: that is further away than the patience reaches, or the client is closed.
        """
        self.sleep(0)
        start = time.monotonic()
        while host in self._until and (left := self._until[host] - time.monotonic()) > 0:
            waited = time.monotonic() - start
            if waited + left > self._patience:
                raise self._too_long(host, left)
            # All sleepers waking in the same instant would earn the next 429.
            self.sleep(left + random.uniform(0.0, min(1.0, left / 10)))  # noqa: S311  as above

    def is_paused(self, host: str) -> bool:
        """Whether the host asked to be left alone for now."""
        return self._until.get(host, 0.0) > time.monotonic()

    def run(self, subject: str, attempt: Callable[[], T], patience: float | None = None) -> T:
        """Do something until it succeeds, asking again is pointless, or patience ends.

        Args:
            subject: the image, for the error.
            patience: seconds from the first failure on; the client's own if None.

        Raises:
            FetchError: the last trouble.
        """
        patience = self._patience if patience is None else patience
        deadline, tries = math.inf, 0
        while True:
            try:
                return attempt()
            except Trouble as trouble:
                tries += 1
                deadline = min(deadline, time.monotonic() + patience)
                try:
                    self._prepare_next(trouble, tries, deadline)
                except Trouble as last:
                    raise last.error(subject) from trouble

    def _prepare_next(self, trouble: Trouble, tries: int, deadline: float) -> None:
        delay = backoff(self._first_backoff, tries - 1)
        if trouble.pause is not None:
            delay = trouble.pause or delay
            fits = time.monotonic() + delay <= deadline
            self._hold(trouble, delay, quietly=not fits)
            if fits:
                return  # the gate makes the next try wait
            raise self._too_long(trouble.host, delay, f" ({trouble.fact})") if trouble.pause else trouble
        if tries >= trouble.again.value or time.monotonic() + delay > deadline:
            raise trouble
        self.sleep(delay)

    def _hold(self, trouble: Trouble, seconds: float, *, quietly: bool) -> None:
        until = time.monotonic() + seconds
        with self._lock:
            before = self._until.get(trouble.host, 0.0)
            self._until[trouble.host] = max(before, until)
        # Many workers are told at once; the user once, and not of a pause that nobody will sit out.
        is_news = until - before > _SAME_PAUSE and (trouble.pause or seconds >= _WORTH_SAYING)
        if is_news and not quietly:
            self._on_wait(_announcement(trouble, seconds))

    def _too_long(self, host: str, left: float, why: str = "") -> Trouble:
        return Trouble(
            "unavailable",
            f"{host} asks us to wait {math.ceil(left)} s{why}; expected {self._patience:g} s in all at most",
            "Try again later, or log in for a higher limit.",
        )


def _announcement(trouble: Trouble, seconds: float) -> str:
    if trouble.pause:
        return f"{trouble.host} asks us to wait {math.ceil(seconds)} s"
    return f"{trouble.host} is busy; waiting {math.ceil(seconds)} s"
