"""What `lock` and `outdated` say of the differences between images.lock and now: text, and JSON."""

from collections.abc import Iterator

from lsp_assembler.lockfile import REGENERATE
from lsp_assembler.lockfile.diff import Entry, LockDiff, State
from lsp_assembler.reports.json import envelope
from lsp_assembler.text import inert, plural, visible, visible_lines

_SHORT_DIGEST = len("sha256:") + 12
_TRY_AGAIN = "Fix what is reported above and run it again."
_CONTRADICTED = (
    "A tag moved that must not: find out who moved it before you run 'lsp-assembler lock --accept-moved'."
)
_SUMMED_UP: tuple[tuple[State, str], ...] = (
    ("added", "added"),
    ("gone", "gone"),
    ("moved", "moved"),
    ("missing", "missing"),
    ("failed", "could not be asked"),
)
_STATE_WIDTH = max(len(state) for state, _ in _SUMMED_UP)
_MORE = " " * (_STATE_WIDTH + 4)


def text(found: LockDiff, lock_path: str) -> str:
    """The report of `outdated` for people: a block for each difference, then what it comes to."""
    blocks = changes(found)
    return "\n".join([*blocks, *([""] if blocks else []), verdict(found, lock_path)]) + "\n"


def verdict(found: LockDiff, lock_path: str) -> str:
    """What all differences come to, in one line."""
    return inert(f"{visible(lock_path)}: {_verdict(found)}")


def changes(found: LockDiff) -> list[str]:
    """The lines that tell every difference; [] if there is none."""
    lines = []
    if found.locked_type is not None and found.locked_type is not found.requested_type:
        lines.append(_line("type", f"{found.locked_type} \N{RIGHTWARDS ARROW} {found.requested_type}"))
    for entry in found.entries:
        if entry.state != "unchanged":
            lines += _entry(entry)
    if found.is_reordered:
        lines.append(_line("order", "the images stand in another order"))
    return [inert(line) for line in lines]


def summary(found: LockDiff) -> str:
    """How many names are in which state, e.g. "1 added, 2 moved"; "no change" if none is in any."""
    counted = [f"{found.count(state)} {words}" for state, words in _SUMMED_UP if found.count(state)]
    if found.is_reordered:
        counted.append("another order")
    if found.locked_type not in (None, found.requested_type):
        counted.append("another type")
    return ", ".join(counted) or "no change"


def render_json(found: LockDiff | None, lock_path: str, error: str | None, exit_status: int) -> str:
    """The report of `outdated` for programs, documented in docs/lock.md.

    Args:
        found: None where an error stopped the run before there was anything to compare.
    """
    return envelope(
        exit_status,
        error,
        lock=lock_path,
        type=found and {"locked": found.locked_type, "now": found.requested_type},
        reordered=found and found.is_reordered,
        entries=[_json_entry(entry) for entry in found.entries] if found else [],
    )


def _verdict(found: LockDiff) -> str:
    total = sum(entry.role == "image" for entry in found.entries)
    if not found.exit_status:
        return f"up to date, with its base and {plural(total, 'image')}"
    if not found.is_stale:
        return f"not known to be up to date: {summary(found)}. {_TRY_AGAIN}"
    contradicted = any(entry.contradicts for entry in found.entries)
    return f"out of date: {summary(found)}. {_CONTRADICTED if contradicted else REGENERATE}"


def _entry(entry: Entry) -> Iterator[str]:
    name = f"{'base ' if entry.role == 'base' else ''}{visible(entry.name)}"
    if entry.contradicts:
        name += ", though its tag must not"
    elif entry.state == "missing":
        name += ": there is no such image any more"
    yield _line(entry.state, name)
    if entry.state == "moved":
        yield f"{_MORE}{_short(entry.locked)} \N{RIGHTWARDS ARROW} {_short(entry.now)}"
    for line in visible_lines(entry.problem or "").split("\n"):
        if line:
            yield f"{_MORE}{line.removeprefix(f'{visible(entry.name)}: ')}"


def _line(state: str, words: str) -> str:
    return f"  {state:<{_STATE_WIDTH}}  {words}"


def _short(digest: str | None) -> str:
    return visible((digest or "")[:_SHORT_DIGEST])


def _json_entry(entry: Entry) -> dict[str, object]:
    return {
        "role": entry.role,
        "name": entry.name,
        "state": entry.state,
        "may_move": entry.may_move,
        "locked": entry.locked or None,
        "now": entry.now or None,
        "problem": entry.problem,
    }
