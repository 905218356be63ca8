"""Many things at once, and bytes of memory that threads share."""

import threading

import pytest

from lsp_assembler.parallel import Budget, in_parallel


def test_outcomes_are_in_the_order_of_the_items_whoever_is_first() -> None:
    gates = [threading.Event() for _ in range(3)]

    def work(number: int) -> int:
        if number < len(gates) - 1:
            assert gates[number + 1].wait(60)
        gates[number].set()
        return number

    assert in_parallel(work, range(len(gates)), len(gates)) == [0, 1, 2]
    assert in_parallel(work, [], 4) == []


def test_a_failure_ends_it_without_waiting_for_the_others() -> None:
    let_go, begun = threading.Event(), threading.Event()
    done = []

    def work(number: int) -> None:
        if number == 0:
            begun.set()
            let_go.wait(60)
        elif number == 1:
            assert begun.wait(60)
            raise ValueError(number)
        done.append(number)

    with pytest.raises(ValueError, match="1"):
        in_parallel(work, range(100), 2)
    let_go.set()
    assert len(done) < 2


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
