from datetime import UTC, datetime

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.registry.errors import Again, Trouble
from lsp_assembler.registry.retry import Waiter, backoff, parse_retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:59:30 GMT", 0.0),
        ("Saturday, 21-Nov-26 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 13:00:30 +0100", 30.0),
        ("", 0.0),
        (None, 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("²", 0.0),
        ("Sat, 99 Nov 2026 12:00:30 GMT", 0.0),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after(value: str | None, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(("tries", "longest"), [(0, 0.5), (1, 1.0), (3, 4.0), (6, 15.0), (10_000, 15.0)])
def test_backoff_doubles_up_to_a_limit_with_jitter(tries: int, longest: float) -> None:
    waits = [backoff(0.5, tries) for _ in range(50)]
    assert longest / 2 <= min(waits) < max(waits) <= longest


class Attempts:
    """Fails as told, then succeeds."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = list(troubles)
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        if self.troubles:
            raise self.troubles.pop(0)
        return self.count


def waiter(patience: float = 5.0) -> Waiter:
    return Waiter(patience, 0.001, lambda _: None)


@pytest.mark.parametrize(
    ("again", "failures", "succeeds"),
    [
        (Again.NEVER, 1, False),
        (Again.BRIEFLY, 2, True),
        (Again.BRIEFLY, 3, False),
        (Again.PATIENTLY, 6, True),
    ],
)
def test_how_often_it_is_tried_again(again: Again, failures: int, succeeds: bool) -> None:  # noqa: FBT001
    attempts = Attempts(*(Trouble("unavailable", "it fails", "Fix it.", again) for _ in range(failures)))
    if succeeds:
        assert waiter().run("busybox", attempts) == failures + 1
        return
    with pytest.raises(FetchError, match=r"^busybox: it fails\n  Fix it\.$") as caught:
        waiter().run("busybox", attempts)
    assert (attempts.count, caught.value.kind) == (failures, "unavailable")


def test_patience_ends() -> None:
    attempts = Attempts(*(Trouble("unavailable", "it fails", again=Again.PATIENTLY) for _ in range(1000)))
    with pytest.raises(FetchError):
        waiter(patience=0.05).run("busybox", attempts)
    assert 2 <= attempts.count < 100


def test_without_patience_it_is_tried_once() -> None:
    attempts = Attempts(Trouble("unavailable", "it fails", again=Again.PATIENTLY))
    with pytest.raises(FetchError):
        waiter().run("busybox", attempts, patience=0.0)
    assert attempts.count == 1


def test_closing_wakes_the_sleepers() -> None:
    closed = waiter(patience=60.0)
    closed.close()
    attempts = Attempts(Trouble("unavailable", "it fails", again=Again.PATIENTLY))
    with pytest.raises(FetchError, match="busybox: the client was closed before it could ask"):
        closed.run("busybox", attempts)


def test_other_errors_are_not_swallowed() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        waiter().run("busybox", broken)
