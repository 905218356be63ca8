"""What `outdated` says, and `lock` of the differences between images.lock and now: text, and JSON."""

from collections.abc import Iterator

from lsp_assembler.lockfile import REGENERATE
from lsp_assembler.lockfile.diff import Entry, LockDiff, State
from lsp_assembler.operations.newest import Standing
from lsp_assembler.operations.outdated import OutdatedResult
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.versions import version_step
from lsp_assembler.text import inert, plural, shortened, visible, visible_lines

_SHORT_DIGEST = len("sha256:") + 12
_SHORT_REVISION = 7
_TRY_AGAIN = "Fix what is reported above and run it again."
_CONTRADICTED = (
    "A tag moved that must not: find out who moved it before you run 'lsp-assembler lock --accept-moved'."
)
_UPDATE = "Run 'lsp-assembler update --all', or name the images to move."
_SUMMED_UP: tuple[tuple[State, str], ...] = (
    ("added", "added"),
    ("gone", "gone"),
    ("moved", "moved"),
    ("missing", "missing"),
    ("failed", "could not be asked"),
)
_STATE_WIDTH = max(len(state) for state, _ in _SUMMED_UP)
_MORE = " " * (_STATE_WIDTH + 4)


def text(done: OutdatedResult) -> str:
    """The report of `outdated` for people: every difference and newer version, then what it comes to."""
    blocks = changes(done.diff) if done.diff else []
    blocks += [inert(line) for each in done.versions for line in _version(each)]
    return "\n".join([*blocks, *([""] if blocks else []), *verdicts(done)]) + "\n"


def verdicts(done: OutdatedResult) -> list[str]:
    """What it all comes to: a line on the lock file, and one on the versions, if images.yml names any."""
    lines = [f"{visible(str(done.path))}: {_verdict(done.diff)}"]
    if done.versions:
        lines.append(f"{visible(str(done.file))}: {_verdict_on_versions(done)}")
    return [inert(line) for line in lines]


def changes(found: LockDiff) -> list[str]:
    """The lines that tell every difference; [] if there is none."""
    lines = []
    if found.locked_type is not None and found.locked_type is not found.requested_type:
        lines.append(_line("type", f"{found.locked_type} -> {found.requested_type}"))
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


def render_json(done: OutdatedResult | None, lock_path: str, error: str | None, exit_status: int) -> str:
    """The report of `outdated` for programs, documented in docs/lock.md.

    Args:
        done: None where an error stopped the run before there was anything to compare.
    """
    found = done and done.diff
    return envelope(
        exit_status,
        error,
        lock=lock_path,
        type=found and {"locked": found.locked_type, "now": found.requested_type},
        reordered=found and found.is_reordered,
        entries=[_json_entry(entry) for entry in found.entries] if found else [],
        versions=[_json_version(each) for each in done.versions] if done else [],
    )


def _verdict(found: LockDiff | None) -> str:
    if found is None:
        return f"not there, so nobody knows what has moved. {REGENERATE}"
    total = sum(entry.role == "image" for entry in found.entries)
    if not found.exit_status:
        return f"up to date, with its base and {plural(total, 'image')}"
    if not found.is_stale:
        return f"not known to be up to date: {summary(found)}. {_TRY_AGAIN}"
    contradicted = any(entry.contradicts for entry in found.entries)
    return f"out of date: {summary(found)}. {_CONTRADICTED if contradicted else REGENERATE}"


def _verdict_on_versions(done: OutdatedResult) -> str:
    failed = f", {len(done.failed)} could not be asked" if done.failed else ""
    if not done.newer:
        return f"no newer version of {plural(len(done.versions), 'pinned image')}{failed}"
    return f"{plural(len(done.newer), 'newer version')}{failed}. {_UPDATE}"


def _version(found: Standing) -> Iterator[str]:
    name = visible(found.entry.text)
    if found.version:
        yield _line("newer", name)
        yield f"{_MORE}{version_step(found.entry, found.version)}"
    elif found.error:
        yield _line("failed", name)
        yield from _problem(str(found.error), found.entry.text)


def _entry(entry: Entry) -> Iterator[str]:
    name = f"{'base ' if entry.role == 'base' else ''}{visible(entry.name)}"
    if entry.contradicts:
        name += ", though its tag must not"
    elif entry.state in ("added", "gone"):
        title = entry.words.title or entry.locked_words.title
        name += f"  {visible(shortened(title))}" if title else ""
    elif entry.state == "missing":
        name += ": there is no such image any more"
    yield _line(entry.state, name)
    if entry.state == "moved":
        yield f"{_MORE}{_step(entry)}"
    yield from _problem(entry.problem or "", entry.name)


def detail(entry: Entry) -> str:
    """What there is to say beside the state: from what to what it moved, or why nobody can say."""
    return _step(entry) if entry.state == "moved" else entry.problem or ""


def _step(entry: Entry) -> str:
    """From what to what an image moved, e.g. "896f72a -> f148b7f  Elm 0.19, elm-test".

    Digests stand in for commits that are not known, or are the same.
    """
    old, new = entry.locked_words, entry.words
    before, after = ((words.revision or "")[:_SHORT_REVISION] for words in (old, new))
    if not before or not after or before == after:
        before, after = ((digest or "")[:_SHORT_DIGEST] for digest in (entry.locked, entry.now))
    titles = dict.fromkeys(shortened(title) for title in (old.title, new.title) if title)
    return visible("  ".join(filter(None, (f"{before} -> {after}", " -> ".join(titles)))))


def _problem(problem: str, name: str) -> Iterator[str]:
    for line in visible_lines(problem).split("\n"):
        if line:
            yield f"{_MORE}{line.removeprefix(f'{visible(name)}: ')}"


def _line(state: str, words: str) -> str:
    return f"  {state:<{_STATE_WIDTH}}  {words}"


def _json_entry(entry: Entry) -> dict[str, object]:
    return {
        "role": entry.role,
        "name": entry.name,
        "state": entry.state,
        "may_move": entry.may_move,
        "locked": entry.locked or None,
        "now": entry.now or None,
        "revision": {"locked": entry.locked_words.revision, "now": entry.words.revision},
        "title": {"locked": entry.locked_words.title, "now": entry.words.title},
        "problem": entry.problem,
    }


def _json_version(found: Standing) -> dict[str, object]:
    version = found.version
    return {
        "name": found.entry.text,
        "line": found.entry.line,
        "state": found.state,
        "newest": version and version.tag,
        "digest": (version and version.digest) or None,
        "revision": version and version.revision,
        "title": version and version.title,
        "created": version and version.created,
        "problem": str(found.error) if found.error else None,
    }
