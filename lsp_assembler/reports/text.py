"""The report for people: the table, warnings, errors, and the closing line, which says what to do.

What is to be fixed stands last, where a terminal shows it without scrolling.
"""

from collections.abc import Iterator, Sequence

from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.reports import log
from lsp_assembler.reports.layout import GAP, Line, Span, fold, painted
from lsp_assembler.reports.overview import overview
from lsp_assembler.reports.problems import Case, Problem, of_one, stops
from lsp_assembler.reports.wording import (
    NAMED,
    and_more,
    closing_line,
    more_alike,
    source_place,
    start_points,
)
from lsp_assembler.text import visible, visible_lines

_MIN_WIDTH = 40
_STYLES = {"error": "red", "warning": "yellow", "exempt": "yellow"}
_INDENT = 2
_MESSAGES_AT = _INDENT + len("warning") + GAP


def render(
    result: Result, width: int | None, *, color: bool = False, table: bool = True, quiet: bool = False
) -> str:
    """The whole result.

    Args:
        width: of the terminal, e.g. 80; below 40 it counts as 40. None where nobody looks: then each record
            is one line that is never broken, and the table has tabs.
        color: whether to use the terminal's own red, yellow and green.
        table: whether to tell of the start points that are as they should be, too.
        quiet: whether to leave out all but errors and the closing line.
    """
    width = None if width is None else max(width, _MIN_WIDTH)
    blocks: list[list[Line]] = []
    if table and not quiet and result.assembly.outcomes:
        blocks.append(overview(result.assembly, width))
    if width is not None:
        blocks += _blocks(log.shown(result, quiet=quiet), result, width)
    shown = ["\n".join(painted(line, color=color) for line in block) + "\n" for block in blocks]
    if width is None:
        shown.append(log.render(result, quiet=quiet))
    return "\n".join(shown)


def _blocks(found: Sequence[Problem], result: Result, width: int) -> Iterator[list[Line]]:
    """What stands below the table, with an empty line between them."""
    for sources, together in of_one(found):
        if len(sources) == 1:
            yield _of_one(sources[0], together, result, width)
        else:
            yield from (_of_several(problem, result, width) for problem in together)
    if result.error is not None:
        told = [
            marked("error", _message(said, *filter(None, (label,))), width) for said, label in stops(result)
        ]
        yield [line for each in told for line in each]
    yield fold([Span(closing_line(result), "red" if result.exit_status else "green")], width)


def _of_one(source: Source, found: Sequence[Problem], result: Result, width: int) -> list[Line]:
    """One start point that is not as it should be, with all that is wrong with it."""
    block = fold(_title(visible(source.text), source_place(source, result.images_file)), width)
    for problem in found:
        for case in problem.cases:
            for place in case.places:
                below = " · ".join(filter(None, (place.in_source, problem.label)))
                block += marked(problem.severity, _message(case.message, below), width)
    return block


def _of_several(problem: Problem, result: Result, width: int) -> list[Line]:
    """What is wrong with many start points, each message once."""
    block = fold(_title(start_points(problem.sources), problem.label), width)
    cases, left = problem.shown(NAMED)
    for case in cases:
        block += marked(problem.severity, _message(case.message, *_names(case, result)), width)
    return [*block, *(marked(problem.severity, [Span(more_alike(left))], width) if left else ())]


def _names(case: Case, result: Result) -> list[str]:
    names = []
    for place in case.places:
        said = ", ".join(filter(None, (source_place(place.source, result.images_file), place.in_source)))
        names.append(f"{place.source.text}{f'  ({said})' if said else ''}")
    return and_more(names)


def _title(text: str, aside: str | None) -> list[Span]:
    return [Span(text, "bold"), *([Span(f"  ({visible(aside)})", "dim")] if aside else [])]


def _message(text: str, *below: str) -> list[Span]:
    return [Span(visible_lines(text)), *(Span(f"\n{visible(line)}", "dim") for line in below)]


def marked(severity: str, message: Sequence[Span], width: int) -> list[Line]:
    """A message with "error", "warning" or "exempt" in front, wrapped beside it and not below it."""
    mark = [
        Span(" " * _INDENT),
        Span(severity, _STYLES[severity]),
        Span(" " * (len("warning") - len(severity))),
    ]
    first, *others = fold(message, width - _MESSAGES_AT)
    return [[*mark, Span(" " * GAP), *first], *([Span(" " * _MESSAGES_AT), *line] for line in others)]
