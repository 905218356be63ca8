"""The report for GitHub Actions: annotations at the lines to change, and the log of the step.

The annotations are folded away in the log, which ends with what is to be fixed.

The commands follow "Workflow commands for GitHub Actions"; the escaping is that of the runner.
"""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.assembly import Outcome
from lsp_assembler.model.finding import Finding, Severity
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.operations.outdated import OutdatedResult
from lsp_assembler.operations.pack import PackResult
from lsp_assembler.reports import audit, log, outdated, pack
from lsp_assembler.reports.problems import (
    failed,
    manifest_place,
    placed,
    rule_name,
    stops,
    without_subject,
)
from lsp_assembler.reports.versions import version_step
from lsp_assembler.text import harmless, inert, plural, visible, visible_lines

MAX_ANNOTATIONS = 10
"""Of each severity in one step; GitHub drops what is beyond that without a word."""


class Annotation(Struct, frozen=True):
    """What GitHub shows beside a line of a file, or at the top of the run.

    As text it is a workflow command; strangers' text in it can neither end it nor begin another.
    """

    severity: Severity | Literal["notice"]
    title: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        properties = {"file": self.file, "line": self.line, "title": self.title}
        given = ",".join(
            f"{key}={_in_property(str(value))}" for key, value in properties.items() if value is not None
        )
        return f"::{self.severity} {given}::{_in_message(self.message)}"


def render(result: Result, *, quiet: bool = False) -> str:
    """Workflow commands, one a line, then the report without a table, to be printed to stdout in a step.

    Args:
        quiet: whether to leave out all but errors and the closing line.
    """
    told = (each for each in _annotations(result) if not (quiet and each.severity == "warning"))
    return _with(log.render(result, quiet=quiet).rstrip("\n"), _folded(_commands(told)))


def render_pack(result: PackResult) -> str:
    """The same for `pack`, with a line for each published image."""
    return _with(
        pack.text(result, None).rstrip("\n"), _folded(_commands(_annotations(pack.as_result(result))))
    )


def render_outdated(done: OutdatedResult) -> str:
    """The same for `outdated`: a notice for each difference and newer version, and what they come to."""
    notices = [
        Annotation(
            "notice", entry.state, "\n".join(filter(None, (visible(entry.name), outdated.detail(entry))))
        )
        for entry in (done.diff.entries if done.diff else ())
        if entry.state != "unchanged"
    ]
    for each in done.versions:
        if each.version or each.error:
            said = version_step(each.entry, each.version) if each.version else str(each.error)
            place = _in_images_file(each.entry, str(done.file))
            notices.append(Annotation("notice", each.state, f"{visible(each.entry.text)}\n{said}", *place))
    return _with("\n".join(outdated.verdicts(done)), _commands(notices))


def render_audit(result: AuditResult) -> str:
    """The same for `audit`: an annotation for each start point that names an image which breaks a rule."""
    found = [
        Annotation(
            severity, rule, f"{visible(mention.source)}: {audited.name}: {message}", *_file_of(mention)
        )
        for audited in result.images
        for severity, rule, message in _said_of(audited)
        for mention in audited.mentions
    ]
    return _with(audit.closing_line(result), _commands(found))


def _said_of(audited: Audited) -> Iterator[tuple[Severity, str, str]]:
    if audited.failure:
        yield "error", failed(audited.failure.kind), audit.why_unknown(audited)
    yield from ((each.severity, each.rule, each.message) for each in audited.violations)


def _file_of(mention: Mention) -> tuple[str | None, int | None]:
    return (posixpath.normpath(mention.file), mention.line) if mention.file else (None, None)


def stopped(command: str, error: LspAssemblerError) -> str:
    """The annotation of an error that ended a run before there was a result."""
    return f"{Annotation('error', f'lsp-assembler {command} stopped', str(error))}\n"


def step_outputs(images: Sequence[tuple[str, str]]) -> str:
    """What a step appends to the file that GITHUB_OUTPUT names; "" where nothing was published.

    Args:
        images: name and digest of each; a line break in one would begin another output.
    """
    if not images:
        return ""
    names, digests = zip(*images, strict=True)
    return f"digest={visible(' '.join(digests))}\nimage={visible(' '.join(names))}\n"


def _with(said: str, commands: Iterable[str]) -> str:
    """Commands, then lines that are none, whatever is named in them."""
    return "".join(f"{line}\n" for line in (*commands, harmless(said)))


def _folded(commands: Iterable[str]) -> list[str]:
    """The same commands, out of the way of who reads the log, which tells all of it once more."""
    found = list(commands)
    return ["::group::Annotations", *found, "::endgroup::"] if found else []


def _commands(annotations: Iterable[Annotation]) -> Iterator[str]:
    by_severity: dict[str, list[Annotation]] = {"notice": [], "warning": [], "error": []}
    for each in annotations:
        by_severity[each.severity].append(each)
    return (str(each) for found in by_severity.values() for each in _limited(found))


def _annotations(result: Result) -> Iterator[Annotation]:
    """All that is wrong, in the order of images.yml; what stopped the run as a whole comes first."""
    for message, label in stops(result):
        file, line, said = placed(message)
        title = label or f"lsp-assembler {result.command}{' stopped' if file is None else ''}"
        yield Annotation("error", title, said, file and posixpath.normpath(file), line)
    for outcome, findings in result.assembly.by_source():
        if outcome.failure:
            yield _of_failure(outcome.source, outcome, result.images_file)
        for finding in findings:
            yield _of_finding(outcome.source, finding, result.images_file)


def _of_failure(source: Source, outcome: Outcome, images_file: str | None) -> Annotation:
    file, line = _in_images_file(source, images_file)
    title = failed(outcome.failure.kind) if outcome.failure else ""
    message = without_subject(outcome.failure.message, source) if outcome.failure else ""
    return Annotation("error", title, f"{visible(source.text)}: {message}", file, line)


def _of_finding(source: Source, finding: Finding, images_file: str | None) -> Annotation:
    title = rule_name(finding)
    message = without_subject(finding.message, source)
    if source.is_directory and finding.manifest is not None:
        file = posixpath.normpath(posixpath.join(source.text, finding.manifest))
        return Annotation(finding.severity, title, message, file, finding.manifest_line)
    place = manifest_place(finding)
    subject = visible(": ".join(filter(None, (source.text, place))))
    return Annotation(finding.severity, title, f"{subject}: {message}", *_in_images_file(source, images_file))


def _in_images_file(source: Source, images_file: str | None) -> tuple[str | None, int | None]:
    if source.line is None or images_file is None:
        return None, None
    return posixpath.normpath(images_file), source.line


def _limited(annotations: Sequence[Annotation]) -> Sequence[Annotation]:
    if len(annotations) <= MAX_ANNOTATIONS:
        return annotations
    shown, rest = annotations[: MAX_ANNOTATIONS - 1], annotations[MAX_ANNOTATIONS - 1 :]
    severity = rest[0].severity
    more = plural(len(rest), f"more {severity}")
    message = f"GitHub shows {MAX_ANNOTATIONS} {severity}s of a step at most; the job summary lists them all."
    return [*shown, Annotation(severity, more, message)]


def _in_message(message: str) -> str:
    escaped = "\n".join(map(inert, visible_lines(message).split("\n"))).replace("%", "%25")
    return escaped.replace("\r", "%0D").replace("\n", "%0A")


def _in_property(value: str) -> str:
    return visible(value).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
