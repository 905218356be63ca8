"""The report for programs: one JSON object, schema 1, documented field by field in docs/json.md."""

from collections.abc import Sequence

from lsp_assembler.model.assembly import Outcome
from lsp_assembler.model.finding import Finding
from lsp_assembler.model.images import BuiltImage
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source
from lsp_assembler.text import json_text

SCHEMA = 1
"""Goes up when a field is renamed, removed or changes its meaning; not when one is added."""

_STEPS = ("fetch", "check", "build", "total")


def envelope(exit_status: int, error: str | None, **fields: object) -> str:
    """What every report has in common, and the fields of one of them, as one JSON object.

    A field that does not apply is null; a line feed ends it.
    """
    report = {"schema": SCHEMA, "ok": exit_status == 0, "exit_status": exit_status, "error": error}
    return json_text({**report, **fields})


def render(result: Result) -> str:
    """The whole result as one JSON object with a line feed at its end; what does not apply is null."""
    assembly = result.assembly
    sources = [outcome.source for outcome in assembly.outcomes]
    image, base = result.image, result.base_failure
    return envelope(
        result.exit_status,
        result.error,
        image=image and _image(image),
        start_points=[_start_point(outcome) for outcome in assembly.outcomes],
        findings=[_finding(finding, sources) for finding in assembly.findings],
        failures=[_failure(outcome) for outcome in assembly.failures],
        base_failure=base and {"kind": base.kind, "message": base.message, "cause": base.cause or None},
        seconds={step: _rounded(assembly.seconds.get(step)) for step in _STEPS},
    )


def _image(image: BuiltImage) -> dict[str, object]:
    return {
        "names": list(image.names),
        "digest": image.digest,
        "platforms": list(image.platforms),
        "attestations": [{"type": each.type, "digest": each.digest} for each in image.attestations],
    }


def _start_point(outcome: Outcome) -> dict[str, object]:
    found = outcome.start_point
    return {
        "index": outcome.source.index,
        "source": outcome.source.text,
        "digest": found and found.digest,
        "revision": found and found.revision,
        "url": found and found.url,
        "created": found and found.created,
        "files": found and len(found.tree.files),
        "bytes": found and found.tree.size,
        "seconds": _rounded(outcome.seconds),
        "manifests": [
            {
                "path": manifest.path,
                "display_name": manifest.display_name,
                "image_name": manifest.image_name,
            }
            for manifest in (found.manifests if found else ())
        ],
    }


def _finding(finding: Finding, sources: Sequence[Source]) -> dict[str, object]:
    source = sources[finding.index]
    return {
        "rule": finding.rule,
        "code": finding.code,
        "severity": finding.severity,
        "source": source.text,
        "index": finding.index,
        "manifest": finding.manifest,
        "manifest_line": finding.manifest_line,
        "message": finding.message,
        "line": source.line,
        "cause": finding.cause or None,
        "others": [
            {
                "source": sources[other.index].text,
                "index": other.index,
                "manifest": other.path,
                "line": sources[other.index].line,
            }
            for other in finding.others
        ],
    }


def _failure(outcome: Outcome) -> dict[str, object]:
    failure = outcome.failure
    return {
        "source": outcome.source.text,
        "index": outcome.source.index,
        "line": outcome.source.line,
        "kind": failure and failure.kind,
        "message": failure and failure.message,
        "cause": (failure and failure.cause) or None,
    }


def _rounded(seconds: float | None) -> float | None:
    """To the millisecond: what is below that is noise."""
    return None if seconds is None else round(seconds, 3)
