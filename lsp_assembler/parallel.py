"""Doing things at the same time: in the background, or many at once."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def in_background(function: Callable[[], Outcome]) -> "Future[Outcome]":
    """Begin a call in a thread of its own; its `result()` waits for it, and returns or raises what it did."""
    executor = ThreadPoolExecutor(max_workers=1)
    future = executor.submit(function)
    executor.shutdown(wait=False)
    return future


def in_parallel(function: Callable[[Item], Outcome], items: Iterable[Item], jobs: int) -> list[Outcome]:
    """The function of each item, in the order of the items. The arguments are those of `at_work`.

    Nobody is told of single outcomes: with thousands of small items, that would cost more than the items.
    """
    waiting = deque(enumerate(items))
    outcomes: dict[int, Outcome] = {}
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            while (each := _taken(waiting)) is not None:
                outcomes[each[0]] = function(each[1])
            ended.put(None)
        except BaseException as error:  # noqa: BLE001  # whoever waits raises it
            ended.put(error)

    started = 0
    try:
        while waiting and started < max(1, jobs):
            threading.Thread(target=work).start()
            started += 1
        for _ in range(started):
            if error := ended.get():
                raise error
    finally:
        waiting.clear()  # not waiting: after Ctrl-C the threads end when the store is closed under them
    return [outcomes[position] for position in range(len(outcomes))]


def _taken(waiting: deque[Item]) -> Item | None:
    """The next that waits; None if there is none, as another thread took the last."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


@contextmanager
def at_work(
    function: Callable[[Item], Outcome], items: Iterable[Item], jobs: int
) -> Iterator[Iterator[Outcome]]:
    """The function of each item, in the order of the items, each as soon as it and those before it are there.

    Let failures be outcomes: an exception ends it all, and hides the other outcomes.

    Args:
        function: called from up to `jobs` threads at once.
        jobs: at least 1.
    """
    items = list(items)
    executor = ThreadPoolExecutor(max_workers=max(1, min(jobs, len(items))))
    try:
        yield executor.map(function, items)
    finally:
        # Not waiting: after Ctrl-C the threads end when the store is closed under them.
        executor.shutdown(wait=False, cancel_futures=True)


class Budget:
    """Bytes of memory that threads share: each waits until as many are free as it wants.

    Whoever holds some must not want more, or all might wait for each other.

    Args:
        total: how many there are.
    """

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = threading.Condition()

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Hold so many bytes for as long as the context lasts; all there are, if that is more."""
        size = min(size, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()
