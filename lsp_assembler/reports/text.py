"""The report for people: a table of the start points, what is wrong, and one closing line."""

from collections.abc import Iterator

from lsp_assembler.model.assembly import Outcome
from lsp_assembler.model.finding import Finding
from lsp_assembler.model.result import Result
from lsp_assembler.reports.layout import GAP, Column, Line, Span, beside, fold, painted
from lsp_assembler.reports.overview import overview
from lsp_assembler.reports.wording import (
    closing_line,
    failed,
    manifest_place,
    rule_name,
    source_place,
    without_subject,
)
from lsp_assembler.text import inert, visible, visible_lines

_MIN_WIDTH = 40
_STYLES = {"error": "red", "warning": "yellow"}
_INDENT = 2


def render(result: Result, width: int, *, color: bool) -> str:
    """The whole result, in lines of at most `width` cells without trailing spaces.

    Args:
        result: what the run came to.
        width: of the terminal, e.g. 80; for a file, 120 or more. Below 40 it counts as 40.
        color: whether to use the terminal's own red, yellow and green.
    """
    blocks = [
        "\n".join(inert(painted(line, color=color)) for line in block)
        for block in _blocks(result, max(width, _MIN_WIDTH))
    ]
    return "\n\n".join(blocks) + "\n"


def _blocks(result: Result, width: int) -> Iterator[list[Line]]:
    """What stands in the report from top to bottom, with an empty line between them."""
    if result.assembly.outcomes:
        yield overview(result.assembly, width)
    for outcome, found in result.assembly.by_source():
        if found or outcome.failure:
            yield _problems(outcome, found, result, width)
    if result.error is not None:
        yield _marked("error", [Span(visible_lines(result.error))], width)
    yield fold([Span(closing_line(result), "red" if result.exit_status else "green")], width)


def _problems(outcome: Outcome, findings: list[Finding], result: Result, width: int) -> list[Line]:
    """One start point that is not as it should be, with all that is wrong with it."""
    source = outcome.source
    place = source_place(source, result.images_file)
    title = [Span(visible(source.text), "bold")]
    if place:
        title.append(Span(f"  ({visible(place)})", "dim"))
    block = fold(title, width)
    if outcome.failure:
        message = without_subject(outcome.failure.message, source)
        block += _marked("error", _message(message, failed(outcome.failure.kind)), width)
    for finding in findings:
        where = " · ".join(filter(None, (manifest_place(finding), rule_name(finding))))
        block += _marked(finding.severity, _message(without_subject(finding.message, source), where), width)
    return block


def _message(text: str, below: str) -> list[Span]:
    return [Span(visible_lines(text)), Span(f"\n{visible(below)}", "dim")]


def _marked(severity: str, message: list[Span], width: int) -> list[Line]:
    """A message with its severity in front, wrapped beside it and not below it."""
    first = Column("", _INDENT + len("warning"))
    second = Column("", width - first.width - GAP)
    mark = [Span(" " * _INDENT), Span(severity, _STYLES[severity])]
    return beside([[mark], fold(message, second.width)], (first, second))
