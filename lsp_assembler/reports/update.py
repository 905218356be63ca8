"""What `update` says of the entries that it looked at: text."""

from collections import Counter

from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.newest import Standing, State
from lsp_assembler.operations.update import UpdateResult
from lsp_assembler.reports.layout import Column, Span, broken, painted, table
from lsp_assembler.reports.versions import version_step
from lsp_assembler.text import plural, visible

_LEFT: tuple[tuple[State, str, str], ...] = (
    ("older", "older version", "kept"),
    ("moving", "moving tag", "left alone"),
    ("digest", "digest", "left alone"),
)


_COLUMNS = (Column("place"), Column("image", keeps="end"), Column("what", keeps="start"))


def text(done: UpdateResult, width: int | None = None) -> str:
    """Each entry that has changed, with its place, name, old tag and new tag; then what it all comes to.

    Of entries that were named, those that stay are shown as well.

    Args:
        width: of the terminal; None for a program, which gets a table with tabs.
    """
    rows = [_row(each, done) for each in done.standings if each.version or not done.request.all]
    lines = [painted(line, color=False) for line in table(_COLUMNS, rows, width)] if rows else []
    if len(done.standings) > 1 or done.request.all:
        lines += ["", *broken(_summary(done), width)] if lines else broken(_summary(done), width)
    if done.request.dry_run and any(each.version for each in done.standings):
        lines.append(f"{visible(str(done.path))} stays as it is: this was a dry run")
    return "\n".join(lines) + "\n"


def _row(found: Standing, done: UpdateResult) -> list[Span]:
    old = Reference.parse(found.entry.text)
    if found.version is None:
        why = f": nothing newer in {done.place}{_hint(done)}" if done.is_newest else ""
        said = f"{old.tag or 'latest'} stays{why}"
    else:
        said = version_step(found.entry, found.version, kept=done.request.keep)
    place = f"{done.path}:{found.entry.line}"
    return [Span(visible(cell)) for cell in (place, old.name, said)]


def _summary(done: UpdateResult) -> str:
    """What became of how many, e.g. "images.yml: 2 updated, 5 newest already, 77 moving tags left alone"."""
    counts = Counter(each.state for each in done.standings)
    changed = f"{'would be ' if done.request.dry_run else ''}{'added' if done.request.keep else 'updated'}"
    said = [f"{counts['newer']} {changed}"] if counts["newer"] else []
    said += [f"{counts['newest']} newest already"] if counts["newest"] else []
    said += [f"{plural(counts[state], noun)} {what}" for state, noun, what in _LEFT if counts[state]]
    nothing = f"nothing newer in {done.place}{_hint(done)}: " if counts["newest"] else "nothing to update: "
    return f"{visible(str(done.path))}: {'' if counts['newer'] else nothing}{', '.join(said)}"


def _hint(done: UpdateResult) -> str:
    return " ('--from registry' asks the registries)" if done.is_local else ""
