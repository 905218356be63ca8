"""The job summary: what a step appends to the file that GITHUB_STEP_SUMMARY names."""

import re
from collections.abc import Iterable, Iterator

from lsp_assembler.model.assembly import Outcome
from lsp_assembler.model.result import Result
from lsp_assembler.reports.problems import Case, Place, Problem, failed, problems, stops
from lsp_assembler.reports.wording import (
    ABSENT,
    closing_line,
    human_seconds,
    human_size,
    more_alike,
    source_place,
    start_points,
)
from lsp_assembler.text import plural, visible, visible_lines

MAX_CHARACTERS = 100_000
"""Of each table: GitHub refuses a summary of more than 1 MiB, and a character may take 4 bytes."""

_MESSAGES = 10  # of the warnings of a rule
_NAMES = 100  # of the start points that one message is about

_PLAIN_NAME = re.compile(r"[A-Za-z0-9._/:@+-]+")
_OBEYED = re.compile(
    r"(?P<link>@|#(?=[0-9])|(?<=\bgh)-(?=[0-9])"  # a person, an issue
    r"|:(?=//)|(?<=\bwww)\.)"  # a page
    r"|:(?P<emoji>[a-z0-9_+-]+)(?=:)"
    r"|[\\`*\[\]~|<>&$#]"
    r"|^[-+=]|^[0-9](?=[0-9]*[.)](?: |$))"  # a list, a heading
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])",  # between letters it is only an underscore
    re.IGNORECASE,
)
_NOTHING = "&#8203;"  # a space without width


def summary(result: Result) -> str:
    """The whole result in GitHub's Markdown: verdict, errors, warnings, all start points."""
    sign = "✅" if result.exit_status == 0 else "❌"
    parts = [f"### {sign} lsp-assembler {result.command}", escaped(closing_line(result, "below"))]
    if rows := list(_problems(result)):
        parts.append(table(("", "start point", "where", "what"), rows))
    if result.assembly.outcomes:
        parts.append(_start_points(result.assembly.outcomes))
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text that GitHub shows as it is, fit for a table cell: "a|b" becomes "a&#124;b".

    Entities and not backslashes, because a table takes a backslash before a pipe for itself. GitHub looks for
    people, issues and links once more when entities are characters again: a space without width parts them.
    """
    return "<br>".join(_OBEYED.sub(_disobeyed, line) for line in visible_lines(text).split("\n"))


def _disobeyed(found: re.Match[str]) -> str:
    if found["emoji"]:
        return f":{_OBEYED.sub(_disobeyed, found['emoji'])}{_NOTHING}"
    entity = f"&#{ord(found[0])};"
    return f"{_NOTHING}{entity}{_NOTHING}" if found["link"] else entity


def name(text: str | None) -> str:
    """An image name or path in a code span, unless it holds what could end the span or the cell."""
    if text is None:
        return ABSENT
    return f"`{text}`" if _PLAIN_NAME.fullmatch(text) else escaped(visible(text))


def _problems(result: Result) -> Iterator[tuple[str, ...]]:
    for message, label in stops(result):
        yield "❌", ABSENT, ABSENT, "<br>".join(map(escaped, filter(None, (message, label))))
    found = problems(result.assembly)
    for severity, sign in (("error", "❌"), ("warning", "⚠️")):
        for problem in (each for each in found if each.severity == severity):
            for row in _of_problem(problem, result.images_file):
                yield sign, *row


def _of_problem(problem: Problem, images_file: str | None) -> Iterator[tuple[str, ...]]:
    cases, left = problem.shown(_MESSAGES)
    for case in cases:
        what = f"{escaped(case.message)}<br>{escaped(problem.label)}"
        if len({place.source.index for place in case.places}) > 1:
            yield _several(case), ABSENT, what
        else:
            for place in case.places:
                yield name(place.source.text), _where(place, images_file), what
    if left:
        yield start_points(problem.sources), ABSENT, f"{more_alike(left)}<br>{escaped(problem.label)}"


def _several(case: Case) -> str:
    sources = {place.source.index: place.source for place in case.places}
    names = [name(source.text) for source in sources.values()]
    more = f"<br>and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return f"{start_points(tuple(sources.values()))}:<br>{'<br>'.join(names[:_NAMES])}{more}"


def _where(place: Place, images_file: str | None) -> str:
    places = (source_place(place.source, images_file), place.in_source)
    return "<br>".join(escaped(visible(each)) for each in places if each) or ABSENT


def _start_points(outcomes: tuple[Outcome, ...]) -> str:
    titles = ("#", "image", "display name", "language image", "size", "time")
    rows = table(titles, (row for outcome in outcomes for row in _rows(outcome)))
    heading = plural(len(outcomes), "start point")
    return f"<details><summary>{heading}</summary>\n\n{rows}\n\n</details>"


def _rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    number, image = str(outcome.source.index), name(outcome.source.text)
    time = human_seconds(outcome.seconds)
    if outcome.start_point is None:
        what = failed(outcome.failure.kind) if outcome.failure else ABSENT
        yield number, image, what, ABSENT, ABSENT, time
        return
    size = human_size(outcome.start_point.tree.size)
    found = [
        (
            ABSENT if each.display_name is None else escaped(visible(each.display_name)),
            name(each.image_name),
        )
        for each in outcome.start_point.manifests
    ] or [(ABSENT, ABSENT)]
    yield number, image, *found[0], size, time
    for names in found[1:]:
        yield "", "", *names, "", ""


def table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are Markdown already; rows that are too many for a summary are counted."""
    lines = [_line(titles), _line("---" for _ in titles)]
    written = left_out = 0
    for row in rows:
        line = _line(row)
        if written + len(line) > MAX_CHARACTERS:
            left_out += 1
            continue
        written += len(line)
        lines.append(line)
    if left_out:
        lines += [
            "",
            f"… and {plural(left_out, 'more row')}, too many for a summary: see the report as JSON.",
        ]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
