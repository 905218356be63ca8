"""What `outdated` says, and `lock` of the differences between images.lock and now: text, and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from lsp_assembler.lockfile import REGENERATE
from lsp_assembler.lockfile.diff import Entry, LockDiff, State
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.newest import Standing
from lsp_assembler.operations.outdated import OutdatedResult
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.layout import Column, Span, broken, painted, table
from lsp_assembler.reports.log import in_one_line
from lsp_assembler.reports.versions import version_step
from lsp_assembler.text import inert, plural, short_commit, short_digest, shortened, visible

_TRY_AGAIN = "Fix what is reported above and run it again."
_CONTRADICTED = (
    "A tag moved that must not move: find out who moved it before you run "
    "'lsp-assembler lock --accept-moved'."
)
_UPDATE = "Run 'lsp-assembler update --all', or name the images to move."
_SUMMED_UP: tuple[tuple[State, str], ...] = (
    ("added", "added"),
    ("gone", "gone"),
    ("moved", "moved"),
    ("missing", "missing"),
    ("failed", "could not be asked"),
)
_COLUMNS = (Column("state"), Column("image", keeps="end"), Column("what", keeps="start"))


def text(done: OutdatedResult, width: int | None) -> str:
    """The report of `outdated` for people: every difference and newer version, then what it comes to.

    Args:
        width: of the terminal; None for a program, which gets a table with tabs.
    """
    rows = [*(_rows(done.diff) if done.diff else ()), *filter(None, map(_version, done.versions))]
    failed = [*(_problems(done.diff) if done.diff else ()), *_unanswered(done.versions)]
    said = [line for verdict in verdicts(done) for line in broken(verdict, width)]
    blocks = [_table(rows, width), failed, said]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def verdicts(done: OutdatedResult) -> list[str]:
    """What it all comes to: a line on the lock file, and one on the versions, if images.yml names any."""
    lines = [f"{visible(str(done.path))}: {_verdict(done.diff)}"]
    if done.versions:
        lines.append(f"{visible(str(done.file))}: {_verdict_on_versions(done)}")
    return [inert(line) for line in lines]


def changes(found: LockDiff, width: int | None) -> list[str]:
    """The lines that tell every difference; [] if there is none.

    Args:
        width: of the terminal; None for a program, which gets a table with tabs.
    """
    return [*_table(list(_rows(found)), width), *_problems(found)]


def summary(found: LockDiff) -> str:
    """How many names are in which state, e.g. "1 added, 2 moved"; "no change" if none is in any."""
    updated = len(_updated(found))
    counts = {
        state: found.count(state) - (updated if state in ("added", "gone") else 0) for state, _ in _SUMMED_UP
    }
    counted = [f"{updated} updated"] if updated else []
    counted += [f"{counts[state]} {words}" for state, words in _SUMMED_UP if counts[state]]
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
    remedy = _CONTRADICTED if contradicted else _TRY_AGAIN if found.count("failed") else REGENERATE
    return f"out of date: {summary(found)}. {remedy}"


def _verdict_on_versions(done: OutdatedResult) -> str:
    failed = f", {len(done.failed)} could not be asked" if done.failed else ""
    if not done.newer:
        return f"no newer version of {plural(len(done.versions), 'pinned image')}{failed}"
    return f"{plural(len(done.newer), 'newer version')}{failed}. {_UPDATE}"


def _table(rows: Sequence[tuple[str, str, str]], width: int | None) -> list[str]:
    spans = [[Span(visible(cell)) for cell in row] for row in rows]
    return [painted(line, color=False) for line in table(_COLUMNS, spans, width)] if rows else []


def _rows(found: LockDiff) -> Iterator[tuple[str, str, str]]:
    """State, name and what there is to say of everything that differs."""
    if found.locked_type is not None and found.locked_type is not found.requested_type:
        yield "type", "", f"{found.locked_type} -> {found.requested_type}"
    updated = _updated(found)
    for entry in found.entries:
        if old := updated.get(entry.name):
            tags = f"{Reference.parse(old).tag} -> {Reference.parse(entry.name).tag}"
            yield "updated", Reference.parse(entry.name).name, "  ".join(filter(None, (tags, _what(entry))))
        elif entry.state != "unchanged" and entry.name not in updated.values():
            yield entry.state, f"{'base ' if entry.role == 'base' else ''}{entry.name}", _what(entry)
    if found.is_reordered:
        yield "order", "", "the images stand in another order"


def _updated(found: LockDiff) -> dict[str, str]:
    """The old name of each image that only got another tag, by its new name."""
    names: dict[str, dict[str, list[str]]] = {}
    for entry in found.entries:
        if entry.role == "image" and entry.state in ("added", "gone"):
            with suppress(ValueError):  # the path of a checkout
                repository = Reference.parse(entry.name).name
                names.setdefault(repository, {"added": [], "gone": []})[entry.state].append(entry.name)
    pairs = [(each["added"], each["gone"]) for each in names.values()]
    return {added[0]: gone[0] for added, gone in pairs if len(added) == len(gone) == 1}


def _what(entry: Entry) -> str:
    if entry.state == "moved":
        return _step(entry)
    if entry.state in ("added", "gone"):
        return shortened(entry.words.title or entry.locked_words.title or "")
    return "there is no such image any more" if entry.state == "missing" else "see below"


def _version(found: Standing) -> tuple[str, str, str] | None:
    if found.version:
        return "newer", found.entry.text, version_step(found.entry, found.version)
    return ("failed", found.entry.text, "see below") if found.error else None


def _problems(found: LockDiff) -> list[str]:
    """What must not be, and why some could not be asked: a line for each."""
    moved = [
        _error(each.name, "moved, though this tag must never move")
        for each in found.entries
        if each.contradicts
    ]
    return [*moved, *(_error(each.name, each.problem) for each in found.entries if each.problem)]


def _unanswered(versions: Iterable[Standing]) -> list[str]:
    return [_error(each.entry.text, str(each.error)) for each in versions if each.error]


def _error(name: str, problem: str) -> str:
    return inert(visible(f"error: {name}: {in_one_line(problem.removeprefix(f'{name}: '))}"))


def detail(entry: Entry) -> str:
    """What there is to say beside the state: from what to what it moved, or why nobody can say."""
    return _step(entry) if entry.state == "moved" else entry.problem or ""


def _step(entry: Entry) -> str:
    """From what to what an image moved, e.g. "896f72a -> f148b7f  Elm 0.19, elm-test".

    Digests stand in for commits that are not known, or are the same.
    """
    old, new = entry.locked_words, entry.words
    before, after = (short_commit(words.revision or "") for words in (old, new))
    if not before or not after or before == after:
        before, after = (short_digest(digest or "") for digest in (entry.locked, entry.now))
    titles = dict.fromkeys(shortened(title) for title in (old.title, new.title) if title)
    return visible("  ".join(filter(None, (f"{before} -> {after}", " -> ".join(titles)))))


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
