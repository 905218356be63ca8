"""All that is wrong in a run, each cause once, with every start point that suffers from it.

Eighty-four images of a layout that is not there are one mistake and not eighty-four. Which failures share a
cause is data: what the error says is behind it, or else its words, which are the same but for the image.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from msgspec import Struct

from lsp_assembler.errors import FailureKind
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.finding import Failure, Finding, Severity
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.text import visible

_PLACED = re.compile(
    r"(?P<file>[^:\n]+\.(?:yml|yaml|lock|template)):(?P<line>\d+)(?::\d+)?: (?P<rest>.*)", re.DOTALL
)


class Place(Struct, frozen=True):
    """Where something is wrong; `finding` is None for a start point that could not be read."""

    source: Source
    finding: Finding | None

    @property
    def in_source(self) -> str | None:
        """Where in the start point, e.g. "start_point/manifest.json, line 3"; None for all of it."""
        return manifest_place(self.finding) if self.finding else None


class Case(Struct, frozen=True):
    """One message, and where it is true; in lines: what is wrong, then what to do about it."""

    message: str
    places: tuple[Place, ...]


class Problem(Struct, frozen=True):
    """What is to be told together: one cause, or all warnings of one rule.

    Args:
        label: "failed: not found", or the rule with the number that cyber-dojo's own checker gives it.
        cases: in the order of images.yml.
    """

    severity: Severity
    label: str
    cases: tuple[Case, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """Those of all cases."""
        return tuple(place for case in self.cases for place in case.places)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The start points that are concerned, each once."""
        return tuple({place.source.index: place.source for place in self.places}.values())

    def shown(self, most: int) -> tuple[tuple[Case, ...], int]:
        """The cases that a person is told of, and how many more there are, which only warnings have."""
        left = len(self.cases) - most
        if self.severity == "error" or len(self.sources) == 1 or left <= 1:
            return self.cases, 0
        return self.cases[:most], left


class _Told(Struct, frozen=True):
    """One failure or finding, before it is known which others it goes with."""

    severity: Severity
    label: str
    together: Hashable
    message: str
    shared: str
    place: Place


def problems(assembly: Assembly) -> tuple[Problem, ...]:
    """All that is wrong: warnings first, as what must be fixed is to be read last; then by start point."""
    found: dict[Hashable, list[_Told]] = {}
    for told in _told(assembly):
        found.setdefault((told.severity, told.together), []).append(told)
    return tuple(sorted(map(_problem, found.values()), key=lambda problem: problem.severity == "error"))


def failed(kind: FailureKind) -> str:
    """What stands in place of a failed source's display name, e.g. "failed: not found"."""
    return f"failed: {kind.replace('-', ' ')}"


def rule_name(finding: Finding) -> str:
    """The rule with the number that cyber-dojo's own checker gives it, e.g. "tab-size (41)"."""
    return finding.rule if finding.code is None else f"{finding.rule} ({finding.code})"


def manifest_place(finding: Finding) -> str | None:
    """Where in the start point, e.g. "start_point/manifest.json, line 3"."""
    if finding.manifest is None or finding.manifest_line is None:
        return finding.manifest
    return f"{finding.manifest}, line {finding.manifest_line}"


def messages(error: str) -> list[str]:
    """The text of an error as its messages, each with the remedy that stands indented below it."""
    found: list[str] = []
    for line in error.split("\n") if error else ():
        if line.startswith(" ") and found:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def stops(result: Result) -> list[tuple[str, str]]:
    """What stopped a run as a whole: each message with its label, which is "" but for the base image's."""
    base = result.base_failure
    of_base = messages(base.message) if base else []
    return [
        (message, failed(base.kind) if base and message in of_base else "")
        for message in messages(result.error or "")
    ]


def placed(message: str) -> tuple[str | None, int | None, str]:
    """The file and the line that begin a message, where they do, and the rest of it.

    "images.yml:2: base: org/base:1: no" gives ("images.yml", 2, "base: org/base:1: no").
    """
    match = _PLACED.fullmatch(message)
    return (match["file"], int(match["line"]), match["rest"]) if match else (None, None, message)


def without_subject(message: str, source: Source) -> str:
    """A message to stand below its source's name: "a/b:LSP: no such image" becomes "no such image"."""
    for subject in (source.text, str(Path(source.text))) if source.is_directory else (source.text,):
        message = message.removeprefix(f"{visible(subject)}: ")  # Path makes "a" of "./a"
    return message


def _told(assembly: Assembly) -> Iterator[_Told]:
    for outcome, findings in assembly.by_source():
        if outcome.failure:
            yield _of_failure(outcome.failure, outcome.source)
        for number, finding in enumerate(findings):
            yield _of_finding(finding, number, outcome.source)


def _of_failure(failure: Failure, source: Source) -> _Told:
    message = without_subject(failure.message, source)
    remedy = failure.message.partition("\n")[2]
    shared = "\n".join(filter(None, (failure.cause, remedy))) if failure.cause else message
    return _Told("error", failed(failure.kind), (failure.kind, shared), message, shared, Place(source, None))


def _of_finding(finding: Finding, number: int, source: Source) -> _Told:
    """Warnings go together by rule, errors by what is behind them, if anything is."""
    message = without_subject(finding.message, source)
    alone = () if finding.severity == "warning" else (finding.cause or (source.index, number),)
    together = (finding.rule, *alone)
    return _Told(
        finding.severity, rule_name(finding), together, message, finding.cause, Place(source, finding)
    )


def _problem(told: Sequence[_Told]) -> Problem:
    first = told[0]
    is_shared = len({each.place.source.index for each in told}) > 1
    by_message: dict[str, list[Place]] = {}
    for each in told:
        message = (is_shared and each.shared) or each.message
        by_message.setdefault(message, []).append(each.place)
    cases = tuple(Case(message, tuple(places)) for message, places in by_message.items())
    return Problem(first.severity, first.label, cases)


def of_one(found: Iterable[Problem]) -> Iterator[tuple[tuple[Source, ...], list[Problem]]]:
    """Problems that follow each other and concern the same start points, to be told below one title."""
    for sources, together in groupby(found, key=attrgetter("sources")):
        yield sources, list(together)
