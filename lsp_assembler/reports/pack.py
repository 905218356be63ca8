"""What `pack` says of what it published: lines for people, and JSON, documented in docs/packing.md."""

from collections.abc import Iterator, Sequence
from typing import Any

from lsp_assembler.checkout.pack import Pack
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.labels import REVISION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.operations.pack import PackResult
from lsp_assembler.operations.push_packs import Packed, Refusal
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.wording import and_more, in_a_row
from lsp_assembler.text import short_digest, visible


def as_result(result: PackResult) -> Result:
    """The same as the reports that `build` and `check` have want it."""
    nothing = Assembly(StartPointType.LANGUAGES, (), (), {})
    errors = [*_told_once(result.refusals), *filter(None, (result.error,))]
    error = "\n".join(errors) or None
    return Result(result.assembly or nothing, result.exit_status, error=error, command="pack")


def text(result: PackResult, width: int | None, *, color: bool = False, quiet: bool = False) -> str:
    """What is published, what is wrong, and a closing line unless there is just one line to close.

    Args:
        quiet: whether to leave out all but errors and the closing line.
    """
    from lsp_assembler.reports.text import render  # which imports Rich, and this module is there for --help

    told = as_result(result)
    report = render(told, width, color=color, table=False, quiet=quiet)
    if quiet or not result.packed:
        return report
    is_all = len(result.packed) == 1 and not told.assembly.findings
    if width is None:
        return published(result.packed) + ("" if is_all else report)
    return _listing(result.packed, width) + ("" if is_all else f"\n{report}")


def published(packed: Sequence[Packed]) -> str:
    """A line for each published image, after one for its language image where that was tagged."""
    return "".join(f"{visible(line)}\n" for each in packed for line in _lines(each))


def _listing(packed: Sequence[Packed], width: int) -> str:
    """The same for a terminal: a table, and a line for whatever else there is to say of an image."""
    from lsp_assembler.reports.layout import Column, Span, fold, painted, table

    columns = (Column("packed", keeps="end"), Column("tags", keeps="ends"), Column("digest"))
    rows = [[Span(visible(cell)) for cell in _row(each)] for each in packed]
    lines = table(columns, rows, width)
    notes = [visible(line) for each in packed for line in _notes(each)]
    lines += [line for note in notes for line in ([], *fold([Span(note)], width))]
    return "".join(f"{painted(line, color=False)}\n" for line in lines)


def _row(each: Packed) -> tuple[str, str, str]:
    names = [Reference.parse(name) for name in each.names]
    tags = ", ".join(name.tag for name in names)
    return str(names[0].with_tag("")), tags, short_digest(each.digest)


def _notes(each: Packed) -> Iterator[str]:
    tagged, directory = each.job.language_tag, each.job.pack.directory
    if tagged:
        yield f"{directory}: tagged {tagged.image} as {tagged.name}"
    if each.store_id:
        yield f"{directory}: the engine's id is {short_digest(each.store_id)}"
    if each.job.pack.is_provisional:
        yield f"{directory}: {_work_in_progress(each.job.pack)}"


def _lines(each: Packed) -> list[str]:
    job = each.job
    tagged = job.language_tag
    lines = [f"{job.pack.directory}: tagged {tagged.image} as {tagged.name}"] if tagged else []
    store_id = f" (the engine's id: {short_digest(each.store_id)})" if each.store_id else ""
    note = f" ({_work_in_progress(job.pack)})" if job.pack.is_provisional else ""
    names = " and ".join(each.names)
    digest = short_digest(each.digest)
    return [*lines, f"{job.pack.directory}: packed {names} {digest}{store_id}{note}"]


def _work_in_progress(pack: Pack) -> str:
    if not pack.changed:
        return "work in progress: no commit holds this content"
    return f"work in progress; not committed: {in_a_row(and_more(pack.changed))}"


def _told_once(refusals: Sequence[Refusal]) -> Iterator[str]:
    """The messages; of several in the same words one, which names the first few."""
    alike: dict[str, list[Refusal]] = {}
    for each in refusals:
        words = each.message.removeprefix(f"{visible(each.subject)}: ") if each.subject else each.message
        alike.setdefault(words, []).append(each)
    for words, found in alike.items():
        names = and_more([each.subject for each in found])
        yield found[0].message if len(found) == 1 else f"{visible(in_a_row(names))}: {words}"


def render_json(result: PackResult) -> str:
    """The whole result as one JSON object with a line feed at its end; what does not apply is null."""
    return envelope(
        result.exit_status,
        result.error,
        packed=[_packed(each, _directory(result, each.job.index)) for each in result.packed],
        passed_over=list(result.passed_over),
        findings=_findings(result.assembly) if result.assembly else [],
        failures=[*(_failures(result.assembly) if result.assembly else ()), *_refused(result)],
    )


def _directory(result: PackResult, index: int | None) -> str | None:
    """The checkout of this index, as the user wrote it."""
    if index is None or result.assembly is None:
        return None
    return result.assembly.outcomes[index].source.text


def _packed(each: Packed, directory: str | None) -> dict[str, Any]:
    pack, tagged = each.job.pack, each.job.language_tag
    return {
        "directory": directory,
        "names": list(each.names),
        "digest": each.digest,
        "store_id": each.store_id,
        "tag": pack.tag,
        "provisional": pack.is_provisional,
        "image_name": pack.image_name,
        "revision": pack.labels.get(REVISION_LABEL),
        "language_image": tagged and str(tagged.name),
    }


def _findings(assembly: Assembly) -> list[dict[str, Any]]:
    return [
        {
            "directory": assembly.outcomes[finding.index].source.text,
            "rule": finding.rule,
            "code": finding.code,
            "severity": finding.severity,
            "manifest": finding.manifest,
            "manifest_line": finding.manifest_line,
            "message": finding.message,
        }
        for finding in assembly.findings
    ]


def _failures(assembly: Assembly) -> list[dict[str, Any]]:
    return [
        {"directory": outcome.source.text, "kind": outcome.failure.kind, "message": outcome.failure.message}
        for outcome in assembly.outcomes
        if outcome.failure
    ]


def _refused(result: PackResult) -> list[dict[str, Any]]:
    return [
        {"directory": _directory(result, each.index), "kind": each.kind, "message": each.message}
        for each in result.refusals
    ]


def failed(error: LspAssemblerError) -> str:
    """An error that ended the run before there was a result, as JSON."""
    return render_json(PackResult(error.exit_status, error=str(error)))
