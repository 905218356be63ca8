"""The report for people: a table of the start points, what is wrong, and one closing line."""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lsp_assembler.assembly import Outcome
from lsp_assembler.reports.escaping import inert, visible, visible_lines
from lsp_assembler.reports.interface import Result
from lsp_assembler.reports.overview import overview
from lsp_assembler.reports.wording import (
    closing_line,
    failed,
    manifest_place,
    rule_name,
    source_place,
    without_subject,
)
from lsp_assembler.start_point import Finding

_MIN_WIDTH = 40
_HEIGHT = 25  # of no consequence, but if it is not given, Rich asks the terminal
_STYLES = {"error": "red", "warning": "yellow"}


def render(result: Result, width: int, *, color: bool) -> str:
    """The whole result, in lines of at most `width` cells without trailing spaces.

    Args:
        result: what the run came to.
        width: of the terminal, e.g. 80; for a file, 120 or more. Below 40 it counts as 40.
        color: whether to use the terminal's own red, yellow and green.
    """
    console = Console(
        file=StringIO(),
        width=max(width, _MIN_WIDTH),
        height=_HEIGHT,
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as captured:
        for number, block in enumerate(_blocks(result, console.width)):
            if number:
                console.print()
            console.print(block)
    return "\n".join(inert(line.rstrip(" ")) for line in captured.get().split("\n"))


def _blocks(result: Result, width: int) -> Iterator[RenderableType]:
    """What stands in the report from top to bottom, with an empty line between them."""
    if result.assembly.outcomes:
        yield overview(result.assembly, width)
    for outcome in result.assembly.outcomes:
        found = [each for each in result.assembly.findings if each.index == outcome.source.index]
        if found or outcome.failure:
            yield _problems(outcome, found, result)
    if result.error is not None:
        yield _marked("error", Text(visible_lines(result.error)))
    yield Text(closing_line(result), style="red" if result.exit_status else "green")


def _problems(outcome: Outcome, findings: list[Finding], result: Result) -> RenderableType:
    """One start point that is not as it should be, with all that is wrong with it."""
    source = outcome.source
    place = source_place(source, result.images_file)
    block = Table.grid()
    block.add_column(overflow="fold")
    block.add_row(
        Text.assemble(
            (visible(source.text), "bold"),
            (f"  ({visible(place)})" if place else "", "dim"),
        )
    )
    if outcome.failure:
        message = without_subject(outcome.failure.message, source)
        block.add_row(_marked("error", _message(message, failed(outcome.failure.kind))))
    for finding in findings:
        where = " · ".join(filter(None, (manifest_place(finding), rule_name(finding))))
        message = without_subject(finding.message, source)
        block.add_row(_marked(finding.severity, _message(message, where)))
    return block


def _message(text: str, below: str) -> Text:
    return Text.assemble(visible_lines(text), "\n", (visible(below), "dim"))


def _marked(severity: str, message: Text) -> RenderableType:
    """A message with its severity in front, wrapped beside it and not below it."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=len("warning"), no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(Text(severity, style=_STYLES[severity]), message)
    return Padding(line, (0, 0, 0, 2))
