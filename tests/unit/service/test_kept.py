"""What is served after a source was read again."""

from collections.abc import Callable

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.operations.serve import Taken
from lsp_assembler.service.kept import Kept, Source
from tests.unit.service.served import kept, point, served

BEFORE = kept(point("0", "A"))


def again(take: Callable[[], Taken], before: Kept = BEFORE) -> Kept:
    after, result = Source(take).again(before)
    assert result is None
    return after


def failing(error: Exception) -> Callable[[], Taken]:
    def take() -> Taken:
        raise error

    return take


def test_what_is_new_is_taken_up() -> None:
    after = again(lambda: Taken(served(point("0", "B"))))
    assert after.catalog.names == ("B",)
    assert (after.refreshes, after.failures, after.refused) == (1, 0, "")
    assert after.taken_up > 0


def test_what_is_the_same_stays_the_same_thing() -> None:
    assert again(lambda: Taken(served(point("0", "A")))).catalog is BEFORE.catalog


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (
            FetchError("a/b:1: no such image", "Check it.", kind="not-found"),
            "a/b:1: no such image\n  Check it.",
        ),
        (ZeroDivisionError("0"), "a bug in lsp-assembler: ZeroDivisionError: 0"),
    ],
)
def test_whatever_goes_wrong_what_was_served_is_served_on(error: Exception, refused: str) -> None:
    after = again(failing(error))
    assert after.catalog is BEFORE.catalog
    assert (after.refreshes, after.failures, after.refused) == (1, 1, refused)
    well = again(lambda: Taken(served(point("0", "A"))), after)
    assert (well.refreshes, well.failures, well.refused) == (2, 1, "")
