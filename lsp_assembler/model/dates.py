"""Dates as images carry them, and the one that SOURCE_DATE_EPOCH pins."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime

from lsp_assembler.errors import InvalidInputError

_YEAR_10000 = 253_402_300_800


def timestamp(epoch: int) -> str:
    """Seconds since 1970 as RFC 3339, e.g. "2026-11-21T03:34:00Z"."""
    date = datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)
    return f"{date.isoformat(timespec='seconds')}Z"  # strftime would write the year 999 with three digits


def is_date(epoch: int) -> bool:
    """Whether `timestamp` can write it: the years 1970 to 9999."""
    return 0 <= epoch < _YEAR_10000


def epoch_of(text: str | None) -> int | None:
    """An RFC 3339 date in seconds since 1970; None for what is no date, or has no offset.

    None, too, for a date that is beyond the years 1 to 9999 in UTC, as `timestamp` could not write it.
    """
    try:
        date = datetime.fromisoformat((text or "").upper())  # RFC 3339 has "t" and "z" as well
        return int(date.astimezone(UTC).timestamp()) if date.tzinfo else None
    except (ValueError, OverflowError):
        return None


def source_date_epoch(environ: Mapping[str, str]) -> int | None:
    """The date that SOURCE_DATE_EPOCH pins (reproducible-builds.org), in seconds since 1970.

    Raises:
        InvalidInputError: it is not a number of seconds.
    """
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    with contextlib.suppress(ValueError, OverflowError, OSError):
        if text.isascii() and text.isdecimal():  # int() would also take signs, blanks and underscores
            timestamp(int(text))
            return int(text)
    raise InvalidInputError(
        f"SOURCE_DATE_EPOCH: it is '{text}'; expected whole seconds since 1970, e.g. 1700000000",
        "Correct or unset the variable.",
    )
