"""Bytes of memory that threads share."""

import threading

import pytest

from lsp_assembler.parallel import Budget, in_parallel


def test_no_more_is_held_at_once_than_there_is() -> None:
    budget, lock = Budget(100), threading.Lock()
    held = most = 0

    def work(size: int) -> int:
        nonlocal held, most
        with budget.of(size):
            with lock:
                held += size
                most = max(most, held)
            with lock:
                held -= size
        return size

    sizes = [30, 70, 100, 1, 0, 50, 50] * 20
    assert in_parallel(work, sizes, 16) == sizes
    assert most <= 100


def test_who_wants_more_than_there_is_gets_all_of_it() -> None:
    budget = Budget(10)
    with budget.of(1000):
        entered = threading.Event()

        def wait() -> None:
            with budget.of(1):
                entered.set()

        other = threading.Thread(target=wait)
        other.start()
        assert not entered.wait(0.05)
    assert entered.wait(60)
    other.join()


def test_what_failed_gives_back_what_it_held() -> None:
    budget = Budget(10)

    def fail() -> None:
        with budget.of(10):
            raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):  # noqa: PT011  # it is our own
            fail()
