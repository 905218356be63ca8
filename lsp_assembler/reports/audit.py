"""What `audit` says of language images: what it comes to, JSON, and what its other formats share."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from lsp_assembler.model.policy import Excused, Policy
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.problems import failed
from lsp_assembler.rules.policy import age, day_of
from lsp_assembler.text import plural, visible

State = Literal["not known", "denied", "warning", "exempt", "ok"]

ORDER = ("exempt", "warning", "error")
"""What is said of an image, what matters most at the end."""

_MOST_PLACES = 4


def closing_line(result: AuditResult, where: str = "above") -> str:
    """What an audit came to and what to do next, in one line.

    Args:
        where: the errors stand, seen from here.
    """
    total = len(result.images)
    by = f"by the policy of {visible(result.policy_file)}"
    unknown = sum(each.failure is not None for each in result.images)
    denied = sum(each.is_denied for each in result.images)
    if not total:
        return "There are no language images, so there is nothing to audit."
    if not result.exit_status:
        warned = sum(len(each.violations) for each in result.images)
        excused = sum(len(each.excused) for each in result.images)
        counts = [(warned, "warning"), (excused, "exemption")]
        besides = " and ".join(plural(count, noun) for count, noun in counts if count)
        return f"{plural(total, 'language image')}, allowed {by}{f', with {besides}' if besides else ''}"
    clauses = [f"{_some(unknown, total)} could not be judged"] if unknown else []
    if denied:
        clauses.append(f"{denied if unknown else _some(denied, total)} {_is(denied)} denied {by}")
    remedy = (
        f"Fix the errors {where} and run it again."
        if unknown
        else "Use newer images, or exempt these for a while."
    )
    return f"{' and '.join(clauses)}. {remedy}"


def render_json(result: AuditResult | None, source: str, error: str | None, exit_status: int) -> str:
    """The report for programs, documented in docs/policy.md.

    Args:
        result: None where an error stopped the run before there was anything to judge.
    """
    return envelope(
        exit_status,
        error,
        source=source,
        policy=result and _json_policy(result.policy, result.policy_file),
        today=result and result.today.isoformat(),
        images=[_json_image(each, result.today) for each in result.images] if result else [],
    )


def exemption(excused: Excused) -> str:
    """Until when an image may break a rule, and why."""
    return f"It is exempt until {excused.until}: {visible(excused.reason)}"


def said_of(audited: Audited) -> Iterator[tuple[str, str, str]]:
    """All that is wrong with an image, and what may be wrong for a while: severity, message, rule."""
    if audited.failure:
        yield "error", why_unknown(audited), failed(audited.failure.kind)
    yield from ((each.severity, each.message, each.rule) for each in audited.violations)
    for each in audited.excused:
        yield "exempt", f"{each.message}\n{exemption(each)}", each.rule


def attested(audited: Audited) -> str:
    """What was published along with an image, e.g. "SBOM of 2026-11-22, provenance"; "" for nothing."""
    found = audited.image.attestations if audited.image else ()
    return ", ".join(f"{each.kind} of {each.created}" if each.created else each.kind for each in found)


def state_of(audited: Audited) -> State:
    """What an image comes to, in a word or two."""
    if audited.failure:
        return "not known"
    if audited.violations:
        return "denied" if audited.is_denied else "warning"
    return "exempt" if audited.excused else "ok"


def places(mentions: Sequence[Mention]) -> str:
    """Where an image is named, for people: "Java 21, JUnit 5 · images.yml, lines 4 and 9"."""
    names = dict.fromkeys(each.display_name or each.source for each in mentions)
    files: dict[str, list[int]] = {}
    for each in mentions:
        if each.file:
            files.setdefault(each.file, []).extend([each.line] if each.line else [])
    found = [*names, *(_in_file(file, sorted({*lines})) for file, lines in files.items())]
    more = f" and {len(found) - _MOST_PLACES} more" if len(found) > _MOST_PLACES else ""
    return " · ".join(found[:_MOST_PLACES]) + more


def why_unknown(audited: Audited) -> str:
    """Why nothing is known of an image, in lines that do not name it; "" where it is known."""
    message = audited.failure.message if audited.failure else ""
    return message.removeprefix(f"{visible(audited.name)}: ")


def _in_file(file: str, lines: Sequence[int]) -> str:
    if not lines:
        return file
    *most, last = map(str, lines)
    return f"{file}, lines {', '.join(most)} and {last}" if most else f"{file}, line {last}"


def _some(count: int, total: int) -> str:
    return "The language image" if total == 1 else f"{count} of {total} language images"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _json_policy(policy: Policy, file: str) -> dict[str, object]:
    return {
        "file": file,
        "max_age": policy.max_age,
        "superseded": policy.superseded,
        "require_tag": policy.require_tag,
    }


def _json_image(audited: Audited, today: date) -> dict[str, object]:
    image = audited.image
    newer = image.newer if image else None
    return {
        "image_name": audited.name,
        "digest": image.digests[0] if image and image.digests else None,
        "created": _iso(day_of(image.created) if image else None),
        "age": age(image.created, today) if image else None,
        "newer": newer and {"tag": newer.tag, "created": newer.created.isoformat()},
        "attestations": [
            {"kind": each.kind, "created": _iso(each.created)}
            for each in (image.attestations if image else ())
        ],
        "findings": [
            {"rule": each.rule, "severity": each.severity, "message": each.message}
            for each in audited.violations
        ],
        "exemptions": [
            {
                "rule": each.rule,
                "message": each.message,
                "until": each.until.isoformat(),
                "reason": each.reason,
            }
            for each in audited.excused
        ],
        "failure": audited.failure and {"kind": audited.failure.kind, "message": audited.failure.message},
        "named_by": [_json_mention(each) for each in audited.mentions],
    }


def _json_mention(mention: Mention) -> dict[str, object]:
    return {
        "source": mention.source,
        "display_name": mention.display_name or None,
        "manifest": mention.manifest or None,
        "file": mention.file,
        "line": mention.line,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
