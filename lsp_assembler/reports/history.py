"""What a build changed, in words that pages and texts share. Pure; what strangers say is not visible yet."""

from collections.abc import Iterator
from datetime import UTC, datetime

from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.language import Durations
from lsp_assembler.operations.history_changes import BuildChanges, Updated
from lsp_assembler.reports import diff
from lsp_assembler.reports.wording import human_size
from lsp_assembler.text import plural, short_digest

_COLOURS = ("red", "amber", "green")


def when(time: str) -> str:
    """The date of a build with its weekday, in UTC: "Tuesday, 24 November 2026, 09:00 UTC"."""
    date = datetime.fromtimestamp(epoch_of(time) or 0, UTC)
    return f"{date:%A}, {date.day} {date:%B} {date.year}, {date:%H:%M} UTC"


def summary(changed: BuildChanges) -> str:
    """What a build comes to, e.g. "2 added, 1 updated, 81 the same"; of the first one, how much it has."""
    if changed.before is None:
        return f"the first build, with {plural(len(changed.added), 'start point')}"
    counts = (
        (len(changed.added), "added"),
        (len(changed.updated), "updated"),
        (len(changed.removed), "removed"),
    )
    said = [f"{count} {word}" for count, word in counts if count]
    if said:
        return ", ".join([*said, f"{changed.same} the same"])
    if changed.is_new_image:
        return f"the same {plural(changed.same, 'start point')}"
    return "nothing has changed"


def differences(updated: Updated) -> Iterator[str]:
    """What is different in a start point, a line each: as `diff` says it, and its size and durations."""
    old, new = updated.old, updated.new
    yield from diff.differences(old.listed, new.listed)
    if old.digest != new.digest:
        yield f"digest: {short_digest(old.digest)} -> {short_digest(new.digest)}"
    if old.size != new.size and old.size is not None and new.size is not None:
        yield f"size: {human_size(old.size)} -> {human_size(new.size)}"
    for colour in _COLOURS if old.durations and new.durations else ():
        before, after = _seconds(old.durations, colour), _seconds(new.durations, colour)
        if before != after:
            yield f"{colour}: {before:.2f} s -> {after:.2f} s"


def _seconds(durations: Durations | None, colour: str) -> float:
    return float(getattr(durations, colour))
