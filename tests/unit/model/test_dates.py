"""Dates as images carry them, some of them made up by strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.dates import epoch_of, source_date_epoch, timestamp


@pytest.mark.parametrize(
    ("epoch", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000, "2023-11-14T22:13:20Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ],
)
def test_there_and_back(epoch: int, text: str) -> None:
    assert timestamp(epoch) == text
    assert epoch_of(text) == epoch


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-14T23:13:20+01:00",
        "2023-11-14T22:13:20.123456789Z",
        "20231114T221320Z",
        "2023-11-14t22:13:20z",
    ],
)
def test_other_spellings(text: str) -> None:
    assert epoch_of(text) == 1_700_000_000


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2023-11-14",
        "2023-11-14T22:13:20",
        "1700000000",
        "2023-02-30T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
        "\ud800",
    ],
)
def test_what_is_no_date_that_can_be_written_again(text: str | None) -> None:
    assert epoch_of(text) is None


@given(st.text() | st.datetimes(timezones=st.timezones()).map(str))
def test_any_date_of_a_stranger_can_be_written_again(text: str) -> None:
    epoch = epoch_of(text)
    assert epoch is None or epoch_of(timestamp(epoch)) == epoch


class TestSourceDateEpoch:
    @pytest.mark.parametrize(("text", "expected"), [("", None), ("0", 0), ("1700000000", 1_700_000_000)])
    def test_it_counts_where_it_is_set(self, text: str, expected: int) -> None:
        assert source_date_epoch({"SOURCE_DATE_EPOCH": text}) == expected

    def test_it_need_not_be_set(self) -> None:
        assert source_date_epoch({}) is None

    @pytest.mark.parametrize("text", ["now", "1.5", "-1", " 1", "1_000", "٣", "9" * 15, "9" * 5000])
    def test_anything_else_is_wrong(self, text: str) -> None:
        with pytest.raises(InvalidInputError, match="expected whole seconds since 1970") as caught:
            source_date_epoch({"SOURCE_DATE_EPOCH": text})
        assert text in caught.value.message
