"""What `audit` says of language images for people: a table, and what is wrong with which image."""

from collections.abc import Sequence
from datetime import date

from lsp_assembler.model.policy import Attestation
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.reports.audit import closing_line, why_unknown
from lsp_assembler.reports.layout import GAP, Column, Line, Span, beside, fold, painted, table, width_of
from lsp_assembler.reports.wording import ABSENT, failed
from lsp_assembler.rules.policy import possible_day
from lsp_assembler.text import inert, visible, visible_lines

_MIN_WIDTH = 40
_NARROWEST_NAME = 10
_MOST_PLACES = 4
_NAME = "language image"
_INDENT = 2
_STYLES = {"error": "red", "warning": "yellow"}
_FAILED, _DENIED, _WARNED, _OK = "not known", "denied", "warning", "ok"
_COLORS = {_FAILED: "red", _DENIED: "red", _WARNED: "yellow", _OK: "green"}


def text(result: AuditResult, width: int, *, color: bool) -> str:
    """The report for people: a table, what is wrong with which image, and what it comes to.

    Args:
        width: of the terminal, e.g. 80; below 40 it counts as 40.
        color: whether to use the terminal's own red, yellow and green.
    """
    width = max(width, _MIN_WIDTH)
    blocks = [_overview(result, width)] if result.images else []
    blocks += [_problems(each, width) for each in result.images if each.violations or each.failure]
    blocks.append(fold([Span(closing_line(result), "red" if result.exit_status else "green")], width))
    shown = ["\n".join(inert(painted(line, color=color)) for line in block) for block in blocks]
    return "\n\n".join(shown) + "\n"


def _overview(result: AuditResult, width: int) -> list[Line]:
    """The table; below each name stands what attests to the image."""
    rows = [_row(each, result.today) for each in result.images]
    lines = {title: [line for row in rows for line in row[title].split("\n")] for title in rows[0]}
    widths = {title: max(map(width_of, (title, *found))) for title, found in lines.items()}
    spare = width - sum(widths.values()) - GAP * (len(widths) - 1)
    widths[_NAME] = max(_NARROWEST_NAME, widths[_NAME] + min(0, spare))
    columns = [Column(title, wide, title == "age") for title, wide in widths.items()]
    return table(columns, [[_cell(cell) for cell in row.values()] for row in rows])


def _cell(text: str) -> list[Span]:
    first, *below = text.split("\n")
    return [Span(first, _COLORS.get(first, "")), *(Span(f"\n{line}", "dim") for line in below)]


def _row(audited: Audited, today: date) -> dict[str, str]:
    """The cells of the table by their titles, each fit to be shown."""
    image = audited.image
    created = possible_day(image.created, today) if image else None
    state = _DENIED if audited.is_denied else _WARNED if audited.violations else _OK
    attested = ", ".join(_attested(each) for each in (image.attestations if image else ()))
    return {
        _NAME: "\n".join(filter(None, (visible(audited.name), attested))),
        "created": str(created or ABSENT),
        "age": f"{(today - created).days:,} d" if created else ABSENT,
        "state": state if image else _FAILED,
    }


def _attested(attestation: Attestation) -> str:
    return f"{attestation.kind} of {attestation.created}" if attestation.created else attestation.kind


def _problems(audited: Audited, width: int) -> list[Line]:
    """One image that is not as it should be, with all that is wrong with it."""
    title = [Span(visible(audited.name), "bold"), Span(f"  ({_places(audited.mentions)})", "dim")]
    block = fold(title, width)
    if audited.failure:
        block += _marked("error", why_unknown(audited), failed(audited.failure.kind), width)
    for each in audited.violations:
        block += _marked(each.severity, each.message, each.rule, width)
    return block


def _marked(severity: str, message: str, below: str, width: int) -> list[Line]:
    """A message with its severity in front, wrapped beside it and not below it."""
    first = Column("", _INDENT + len("warning"))
    second = Column("", width - first.width - GAP)
    mark = [Span(" " * _INDENT), Span(severity, _STYLES[severity])]
    said = [Span(visible_lines(message)), Span(f"\n{visible(below)}", "dim")]
    return beside([[mark], fold(said, second.width)], (first, second))


def _places(mentions: Sequence[Mention]) -> str:
    """Where an image is named, for people: "Java 21, JUnit 5 · images.yml, lines 4 and 9"."""
    names = dict.fromkeys(each.display_name or each.source for each in mentions)
    files: dict[str, list[int]] = {}
    for each in mentions:
        if each.file:
            files.setdefault(each.file, []).extend([each.line] if each.line else [])
    found = [*names, *(_in_file(file, sorted({*lines})) for file, lines in files.items())]
    more = f" and {len(found) - _MOST_PLACES} more" if len(found) > _MOST_PLACES else ""
    return visible(" · ".join(found[:_MOST_PLACES])) + more


def _in_file(file: str, lines: Sequence[int]) -> str:
    if not lines:
        return file
    *most, last = map(str, lines)
    return f"{file}, lines {', '.join(most)} and {last}" if most else f"{file}, line {last}"
