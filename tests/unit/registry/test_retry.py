import math
import time
from datetime import UTC, datetime

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.registry.errors import RequestError, Retry
from lsp_assembler.registry.retry import Waiter, backoff, parse_retry_after, stated_pause

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
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("²", 0.0),
        ("Sat, 99 Nov 2026 12:00:30 GMT", 0.0),
        ("9" * 400, 0.0),
        ("31622399", 31_622_399.0),
        ("31622400", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 0.0),
        ("Sat, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("0 0 0 0 0", 0.0),
        ("Sat, 21 Nov 99999999999999999999 12:00:30 GMT", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 +999999999999", 0.0),
    ],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("TOOMANYREQUESTS: retry-after: 121ms, allowed: 44000/minute", 0.121),
        ("Retry-After: 1m30.5s", 90.5),
        ("retry-after: 500µs", 0.0005),
        ("retry-after: 12", 0.0),
        ("retry-after: 1e99h", 0.0),
        ("retry-after: 999999999h", 0.0),
        ("retry-after: soon", 0.0),
        ("slow down", 0.0),
        ("", 0.0),
        ("retry-after: " + "9" * 400 + "s", 0.0),
    ],
)
def test_pause_in_the_words_of_an_error(text: str, seconds: float) -> None:
    assert stated_pause(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("tries", "longest"), [(0, 0.5), (1, 1.0), (3, 4.0), (6, 15.0), (10_000, 15.0)])
def test_backoff_doubles_up_to_a_limit_with_jitter(tries: int, longest: float) -> None:
    waits = [backoff(0.5, tries) for _ in range(50)]
    assert longest / 2 <= min(waits) < max(waits) <= longest


class Attempts:
    """Fails as told, then succeeds."""

    def __init__(self, *errors: RequestError) -> None:
        self.errors = list(errors)
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.count


def waiter(patience: float = 5.0) -> Waiter:
    return Waiter(patience, 0.001, lambda _: None)


@pytest.mark.parametrize(
    ("retry", "failures", "succeeds"),
    [
        (Retry.NEVER, 1, False),
        (Retry.TWICE, 2, True),
        (Retry.TWICE, 3, False),
        (Retry.PATIENTLY, 6, True),
    ],
)
def test_how_often_it_is_tried_again(retry: Retry, failures: int, succeeds: bool) -> None:  # noqa: FBT001
    attempts = Attempts(*(RequestError("unavailable", "it fails", "Fix it.", retry) for _ in range(failures)))
    if succeeds:
        assert waiter().run("busybox", attempts) == failures + 1
        return
    with pytest.raises(FetchError, match=r"^busybox: it fails\n  Fix it\.$") as caught:
        waiter().run("busybox", attempts)
    assert (attempts.count, caught.value.kind) == (failures, "unavailable")


def test_only_the_same_fault_three_times_is_a_lasting_one() -> None:
    facts = ["sha256:ab12 ends after 7 of 12 bytes", "it is HTML"] * 2
    others = (RequestError("corrupt", fact, retry=Retry.TWICE) for fact in facts)
    assert waiter().run("busybox", Attempts(*others)) == 5
    facts = [f"sha256:ab{n} ends after {n} of 12 bytes" for n in range(3)]
    same = Attempts(*(RequestError("corrupt", fact, retry=Retry.TWICE) for fact in facts))
    with pytest.raises(FetchError):
        waiter().run("busybox", same)


def test_patience_ends() -> None:
    attempts = Attempts(
        *(RequestError("unavailable", "it fails", retry=Retry.PATIENTLY) for _ in range(1000))
    )
    with pytest.raises(FetchError):
        waiter(patience=0.05).run("busybox", attempts)
    assert 2 <= attempts.count < 100


@pytest.mark.parametrize("patience", [0.0, -1.0, 5.0])
def test_what_is_tried_once(patience: float) -> None:
    attempts = Attempts(RequestError("unavailable", "it fails", retry=Retry.PATIENTLY))
    with pytest.raises(FetchError):
        waiter(patience).run("busybox", attempts, once=patience > 0)
    assert attempts.count == 1


@pytest.mark.parametrize("patience", [math.inf, math.nan, 1e300])
def test_endless_patience_is_as_long_as_clocks_can_measure(patience: float) -> None:
    errors = (RequestError("unavailable", "it fails", retry=Retry.PATIENTLY) for _ in range(3))
    assert waiter(patience).run("busybox", Attempts(*errors)) == 4
    assert waiter(patience).patience_with("ghcr.io") == pytest.approx(1e6)


def test_patience_begins_with_the_operation_and_not_with_its_first_failure() -> None:
    def slow() -> None:
        attempts.append(1)
        time.sleep(0.2)
        raise RequestError("unavailable", "it fails", retry=Retry.PATIENTLY)

    attempts: list[int] = []
    with pytest.raises(FetchError):
        waiter(patience=0.15).run("busybox", slow)
    assert len(attempts) == 1


def test_time_in_which_a_host_was_at_work_does_not_count() -> None:
    busy = waiter(patience=0.15)

    def slow() -> int:
        attempts.append(1)
        time.sleep(0.2)
        busy.excuse(0.2)
        if len(attempts) < 3:
            raise RequestError("unavailable", "it fails", retry=Retry.PATIENTLY)
        return len(attempts)

    attempts: list[int] = []
    assert busy.run("busybox", slow) == 3


def test_a_host_that_used_up_all_patience_is_given_little_of_it_until_it_answers() -> None:
    patient = waiter(patience=0.1)

    def silence() -> None:
        time.sleep(0.1)
        patient.note("ghcr.io", silent=True)
        raise RequestError("timeout", "it is silent", retry=Retry.PATIENTLY)

    with pytest.raises(FetchError):
        patient.run("busybox", silence)
    assert patient.patience_with("ghcr.io") == pytest.approx(0.01, rel=0.1)
    assert patient.patience_with("quay.io") == pytest.approx(0.1, rel=0.1)
    assert patient.note("ghcr.io", silent=False)
    assert patient.patience_with("ghcr.io") == pytest.approx(0.1, rel=0.1)


def test_closing_wakes_the_sleepers() -> None:
    closed = waiter(patience=60.0)
    closed.close()
    attempts = Attempts(RequestError("unavailable", "it fails", retry=Retry.PATIENTLY))
    with pytest.raises(FetchError, match="busybox: the client was closed before it could ask"):
        closed.run("busybox", attempts)


def test_other_errors_are_not_swallowed() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        waiter().run("busybox", broken)
