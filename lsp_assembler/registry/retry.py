"""Waiting: what Retry-After says, the pauses that hold for a whole host, and trying again."""

import math
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from lsp_assembler.registry.errors import RequestError, Retry

T = TypeVar("T")
_LONGEST_BACKOFF = 15.0
_SAME_PAUSE = 1.0
_WORTH_SAYING = 1.0
_TWICE = 2
_LONGEST_PATIENCE = 1e6  # seconds: longer, and the system's clocks overflow
_SENSIBLE = 366 * 86400.0  # seconds: who asks for more than a year's pause means something else
_LONGEST_DATE = 100  # characters
_SHARE_OF_A_MIRROR = 0.5  # of the patience: the other half is for the registry behind it
_SHARE_OF_THE_SILENT = 0.1  # for another request to a host that has used up somebody's patience
_LEAST_SHARE = 0.05  # for an answer, where all of it went into waiting as long as the host asked us to
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

    Follows RFC 9110, section 10.2.3. A date in the past or in more than a year, and anything malformed,
    counts as nothing.
    """
    seconds = _retry_after(value.strip(), now)
    return seconds if seconds < _SENSIBLE else 0.0


def _retry_after(value: str, now: datetime) -> float:
    if value.isascii() and value.isdigit():
        return float(value[:_LONGEST_DATE])
    from email.utils import parsedate_to_datetime  # which few servers need, and imports much

    try:
        date = parsedate_to_datetime(value[:_LONGEST_DATE])
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def stated_pause(text: str) -> float:
    """Seconds that an error's words ask for, e.g. 0.121 for GHCR's "retry-after: 121ms, allowed: 44000/m".

    Durations are spelled as Go does, e.g. "1m30.5s". 0.0 where the words ask for nothing.
    """
    found = _STATED.search(text[:_LONGEST_TEXT].lower())
    if not found:
        return 0.0
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(found[1]))
    return seconds if seconds < _SENSIBLE else 0.0


def backoff(first: float, tries: int) -> float:
    """How long to wait after so many failed tries: doubling from `first` seconds, half of it chance."""
    longest = min(_LONGEST_BACKOFF, first * 2.0 ** min(tries, 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  spreads load, guards no secret


class _Operation(threading.local):
    """By when what a thread is doing must end, by time.monotonic(); None while it does nothing."""

    deadline: float | None = None


class Waiter:
    """How long a thread may wait for hosts, all in all: to connect, for answers, and between tries.

    It also holds back every thread that asks a host which told one of them to wait. Safe to share between
    threads, each of which has an operation of its own.

    Args:
        patience: the longest that one operation waits, in seconds; 0 for operations that are tried once, and
            wait for an answer as long as a stall may last.
        first_backoff: seconds before the second try, where the host does not say.
        on_wait: told once for each pause, e.g. "ghcr.io asks us to wait 12 s".
    """

    def __init__(self, patience: float, first_backoff: float, on_wait: Callable[[str], None]) -> None:
        # In this order: not even "not a number" gets through.
        self._patience = max(0.0, min(_LONGEST_PATIENCE, patience))
        self._operation = _Operation()
        self._first_backoff = first_backoff
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._silent: set[str] = set()
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
        deadline = self._deadline
        while host in self._until and (left := self._until[host] - time.monotonic()) > 0:
            if self._until[host] > deadline:
                raise self._too_long(host, left)
            # All sleepers waking in the same instant would earn the next 429.
            self.sleep(left + random.uniform(0.0, min(1.0, left / 10)))  # noqa: S311  as above

    def is_paused(self, host: str) -> bool:
        """Whether the host asked to be left alone for now."""
        return self._until.get(host, 0.0) > time.monotonic()

    def patience_with(self, host: str) -> float:
        """Seconds that this thread's operation may now wait for an answer of a host."""
        if not self._patience:
            return math.inf
        share = _SHARE_OF_THE_SILENT if host in self._silent else 1.0
        left = min(self._patience * share, self._deadline - time.monotonic())
        return max(self._patience * _LEAST_SHARE, left)

    def note(self, host: str, *, silent: bool) -> bool:
        """Remember whether a host used up all patience without a word: nobody need find out again.

        Returns:
            whether this had been known.
        """
        was_known = host in self._silent
        if not silent:
            self._silent.discard(host)
        elif self._deadline - time.monotonic() <= self._patience * _LEAST_SHARE:
            self._silent.add(host)
        return was_known

    def excuse(self, seconds: float) -> None:
        """Do not count so many seconds of this thread's operation: the host was not asked, or was at work."""
        if self._operation.deadline is not None:
            self._operation.deadline += seconds

    def run(self, subject: str, attempt: Callable[[], T], *, once: bool = False, spent: float = 0.0) -> T:
        """Do something until it succeeds, asking again is pointless, or patience ends.

        Args:
            subject: the image, for the error.
            once: whether to try it only once, with a part of the patience, as there is another host to ask.
            spent: seconds for which the same was tried elsewhere.

        Raises:
            FetchError: what went wrong last.
        """
        tries, met, said = Counter[bool](), Counter[str](), None
        share = self._patience * _SHARE_OF_A_MIRROR
        self._operation.deadline = time.monotonic() + (share if once else max(share, self._patience - spent))
        try:
            while True:
                try:
                    return attempt()
                except RequestError as error:
                    # Counted apart: a pause holds for others, too, whatever else went wrong with this one.
                    is_pause = error.pause is not None
                    said = error if error.answered and not is_pause else said
                    tries[is_pause] += 1
                    met[alike := _DETAIL.sub("", error.fact)] += 1
                    is_lasting = once or (error.retry is Retry.TWICE and met[alike] > _TWICE)
                    if not is_pause and (error.retry is Retry.NEVER or is_lasting):
                        raise error.about(subject) from error
                    last = said if said and error.kind == "timeout" else error  # what was said tells more
                    try:
                        self._prepare_next(last, tries[is_pause], -math.inf if once else self._deadline)
                    except RequestError as end:
                        raise end.about(subject) from error
        finally:
            self._operation.deadline = None

    @property
    def _deadline(self) -> float:
        """When this thread's operation must end; as good as begun now where it does nothing yet."""
        deadline = self._operation.deadline
        return time.monotonic() + self._patience if deadline is None else deadline

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
            cause=f"{host} asks us to wait for longer than our patience of {self._patience:g} s",
        )


def _announcement(error: RequestError, seconds: float) -> str:
    if error.pause:
        return f"{error.host} asks us to wait {math.ceil(seconds)} s"
    return f"{error.host} is busy; waiting {math.ceil(seconds)} s"
