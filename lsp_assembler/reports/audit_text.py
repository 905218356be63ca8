"""What `audit` says of language images for people: a table, and what is wrong with which image."""

from collections.abc import Iterator
from datetime import date

from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.reports.audit import ORDER, attested, closing_line, places, said_of, state_of
from lsp_assembler.reports.layout import Column, Line, Span, fold, painted, table
from lsp_assembler.reports.log import in_one_line
from lsp_assembler.reports.text import marked
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.rules.policy import age, possible_day
from lsp_assembler.text import visible, visible_lines

_MIN_WIDTH = 40
_COLORS = {"not known": "red", "denied": "red", "warning": "yellow", "exempt": "yellow", "ok": "green"}
_COLUMNS = (
    Column("language image", keeps="end"),
    Column("created"),
    Column("age", is_right=True),
    Column("state"),
    Column("attested", keeps="ends"),
)


def text(result: AuditResult, width: int | None, *, color: bool) -> str:
    """The report for people: a table, what is wrong with which image, and what it comes to.

    Args:
        width: of the terminal, e.g. 80; below 40 it counts as 40. None where nobody looks: then each record
            is one line that is never broken, and the table has tabs.
        color: whether to use the terminal's own red, yellow and green.
    """
    if width is None:
        rows = [painted(line, color=False) for line in _overview(result, None)] if result.images else []
        return "\n".join([*rows, *map(visible, _lines(result)), closing_line(result)]) + "\n"
    width = max(width, _MIN_WIDTH)
    blocks = [_overview(result, width)] if result.images else []
    blocks += [
        _problems(each, width) for each in result.images if each.violations or each.excused or each.failure
    ]
    blocks.append(fold([Span(closing_line(result), "red" if result.exit_status else "green")], width))
    shown = ["\n".join(painted(line, color=color) for line in block) for block in blocks]
    return "\n\n".join(shown) + "\n"


def _lines(result: AuditResult) -> Iterator[str]:
    """Errors last, as what must be fixed is to be read last; each begins with the place to change."""
    told = [(audited, said) for audited in result.images for said in said_of(audited)]
    for audited, (severity, message, rule) in sorted(told, key=lambda each: ORDER.index(each[1][0])):
        said = f"{severity}: {audited.name} ({places(audited.mentions)}): {in_one_line(message)} [{rule}]"
        lines = dict.fromkeys(f"{each.file}:{each.line}: " for each in audited.mentions if each.line)
        yield from (f"{line}{said}" for line in lines or ("",))


def _overview(result: AuditResult, width: int | None) -> list[Line]:
    rows = [_row(each, result.today) for each in result.images]
    columns = _COLUMNS if any(row[-1].text for row in rows) else _COLUMNS[:-1]
    return table(columns, [row[: len(columns)] for row in rows], width)


def _row(audited: Audited, today: date) -> list[Span]:
    image = audited.image
    created = possible_day(image.created, today) if image else None
    days = age(image.created, today) if image else None
    state = state_of(audited)
    return [
        Span(visible(audited.name)),
        Span(str(created or ABSENT)),
        Span(f"{days:,} d" if days is not None else ABSENT),
        Span(state, _COLORS[state]),
        Span(visible(attested(audited)), "dim"),
    ]


def _problems(audited: Audited, width: int) -> list[Line]:
    """One image that is not as it should be, with all that is wrong with it."""
    title = [Span(visible(audited.name), "bold"), Span(f"  ({visible(places(audited.mentions))})", "dim")]
    block = fold(title, width)
    for severity, message, rule in said_of(audited):
        said = [Span(visible_lines(message)), Span(f"\n{visible(rule)}", "dim")]
        block += marked(severity, said, width)
    return block
