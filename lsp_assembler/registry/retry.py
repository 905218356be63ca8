"""Waiting: what Retry-After says, the pauses that hold for a whole host, and trying again."""

import math
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from lsp_assembler.registry.errors import RequestError, Retry

T = TypeVar("T")
_LONGEST_BACKOFF = 15.0
_SAME_PAUSE = 1.0
_WORTH_SAYING = 1.0
_TWICE = 2
_DETAIL = re.compile(
    r"[0-9a-f]*[0-9][0-9a-f]*"
)  # digests and sizes: the same fault may show others each time
_LONGEST_TEXT = 1000
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|us|µs|μs|ns|h|m|s)"
_DURATION = re.compile(_PART)
_STATED = re.compile(rf"retry-after:\s*((?:{_PART})+)")


def parse_retry_after(value: str, now: datetime) -> float:
    """Seconds to wait, e.g. 12.0 for "12" or for an HTTP date 12 s ahead; 0.0 where it says nothing.

    Follows RFC 9110, section 10.2.3. A date in the past, and anything malformed, counts as nothing.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def stated_pause(text: str) -> float:
    """Seconds that an error's words ask for, e.g. 0.121 for GHCR's "retry-after: 121ms, allowed: 44000/m".

    Durations are spelled as Go does, e.g. "1m30.5s". 0.0 where the words ask for nothing.
    """
    found = _STATED.search(text[:_LONGEST_TEXT].lower())
    if not found:
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(found[1]))


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
            RequestError: it was closed.
        """
        if self._closed.wait(seconds):
            raise RequestError("unavailable", "the client was closed before it could ask", "Run it again.")

    def pass_gate(self, host: str) -> None:
        """Wait until the host may be asked.

        Raises:
            RequestError: that is further away than the patience reaches, or the client is closed.
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
            FetchError: what went wrong last.
        """
        patience = self._patience if patience is None else patience
        deadline, tries, met = math.inf, Counter[bool](), Counter[str]()
        while True:
            try:
                return attempt()
            except RequestError as error:
                # Counted apart: a pause holds for others, too, whatever else went wrong with this one.
                is_pause = error.pause is not None
                tries[is_pause] += 1
                met[alike := _DETAIL.sub("", error.fact)] += 1
                deadline = min(deadline, time.monotonic() + patience)
                is_lasting = error.retry is Retry.TWICE and met[alike] > _TWICE
                if not is_pause and (error.retry is Retry.NEVER or is_lasting):
                    raise error.about(subject) from error
                try:
                    self._prepare_next(error, tries[is_pause], deadline)
                except RequestError as last:
                    raise last.about(subject) from error

    def _prepare_next(self, error: RequestError, tries: int, deadline: float) -> None:
        delay = backoff(self._first_backoff, tries - 1)
        if error.pause is not None:
            delay = error.pause or delay
            fits = time.monotonic() + delay <= deadline
            self._hold(error, delay, quietly=not fits)
            if fits:
                return  # the gate makes the next try wait
            raise self._too_long(error.host, delay, f" ({error.fact})") if error.pause else error
        if time.monotonic() + delay > deadline:
            raise error
        self.sleep(delay)

    def _hold(self, error: RequestError, seconds: float, *, quietly: bool) -> None:
        until = time.monotonic() + seconds
        with self._lock:
            before = self._until.get(error.host, 0.0)
            self._until[error.host] = max(before, until)
        # Many workers are told at once; the user once, and not of a pause that nobody will sit out.
        is_news = until - before > _SAME_PAUSE and (error.pause or seconds >= _WORTH_SAYING)
        if is_news and not quietly:
            self._on_wait(_announcement(error, seconds))

    def _too_long(self, host: str, left: float, why: str = "") -> RequestError:
        return RequestError(
            "unavailable",
            f"{host} asks us to wait {math.ceil(left)} s{why}; our patience is {self._patience:g} s",
            "Try again later, log in for a higher limit, or wait longer with --patience.",
        )


def _announcement(error: RequestError, seconds: float) -> str:
    if error.pause:
        return f"{error.host} asks us to wait {math.ceil(seconds)} s"
    return f"{error.host} is busy; waiting {math.ceil(seconds)} s"
