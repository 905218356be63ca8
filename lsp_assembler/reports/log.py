"""All that is wrong, in lines for a log and for programs: one record, one line, whole names.

A line begins with the place to change, as a compiler's does, so that editors find it, and grep and awk work:
"images.yml:3: error: acme/java:LSP: ghcr.io has no such image or tag. Check the name. [failed: not found]".
"""

import posixpath
from collections.abc import Iterable, Iterator

from lsp_assembler.model.result import Result
from lsp_assembler.reports.problems import Case, Place, Problem, placed, problems, stops
from lsp_assembler.reports.wording import (
    NAMED,
    and_more,
    closing_line,
    in_a_row,
    more_alike,
    start_points,
)
from lsp_assembler.text import inert, visible

_SENTENCE_ENDS = (".", ":", ";", "?", "!")


def render(result: Result, *, quiet: bool = False) -> str:
    """The whole result, with the closing line at its end.

    Args:
        quiet: whether to leave out the warnings.
    """
    told = [*_lines(shown(result, quiet=quiet), result), closing_line(result)]
    return "".join(f"{inert(line.rstrip(' '))}\n" for line in told)


def shown(result: Result, *, quiet: bool) -> list[Problem]:
    """What is wrong, or, of that, what is to be fixed."""
    return [each for each in problems(result.assembly) if each.severity == "error" or not quiet]


def _lines(found: Iterable[Problem], result: Result) -> Iterator[str]:
    """A line for each message, and for what stopped the run."""
    for problem in found:
        cases, left = problem.shown(NAMED)
        for case in cases:
            said = f"{in_one_line(case.message)} [{problem.label}]"
            if len({place.source.index for place in case.places}) == 1:
                for place in case.places:
                    yield visible(_of_one(place, problem.severity, said, result.images_file))
            else:
                yield visible(f"{problem.severity}: {_subjects(case)}: {said}")
        if left:
            yield f"{problem.severity}: {more_alike(left)} [{problem.label}]"
    for message, label in stops(result):
        file, line, said = placed(message)
        what = f"{in_one_line(said)}{f' [{label}]' if label else ''}"
        yield visible(f"{f'{file}:{line}: ' if file else ''}error: {what}")


def _of_one(place: Place, severity: str, said: str, images_file: str | None) -> str:
    source, finding = place.source, place.finding
    if source.is_directory and finding and finding.manifest:
        line = f":{finding.manifest_line}" if finding.manifest_line else ""
        return f"{posixpath.join(source.text, finding.manifest)}{line}: {severity}: {said}"
    where = f"{images_file}:{source.line}: " if images_file and source.line else ""
    subject = ": ".join(filter(None, (source.text, place.in_source)))
    return f"{where}{severity}: {subject}: {said}"


def _subjects(case: Case) -> str:
    """Many start points: "84 images (a, b, c and 81 more)"."""
    sources = {place.source.index: place.source for place in case.places}
    names = in_a_row(and_more([source.text for source in sources.values()]))
    return f"{start_points(tuple(sources.values()))} ({names})"


def in_one_line(text: str) -> str:
    """Sentences in a row: the lines of a message, of which only the last ones end as sentences do."""
    *most, last = [line.strip() for line in text.split("\n")]
    return " ".join([*(line if line.endswith(_SENTENCE_ENDS) else f"{line}." for line in most), last])
