"""What `audit` says of language images: what it comes to, and JSON."""

from datetime import date

from lsp_assembler.model.policy import Policy
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.reports.json import envelope
from lsp_assembler.rules.policy import day_of, possible_day
from lsp_assembler.text import plural, visible


def closing_line(result: AuditResult) -> str:
    """What an audit came to and what to do next, in one line."""
    total = len(result.images)
    by = f"by the policy of {visible(result.policy_file)}"
    unknown = sum(each.failure is not None for each in result.images)
    denied = sum(each.is_denied for each in result.images)
    if not total:
        return "There are no language images, so there is nothing to audit."
    if not result.exit_status:
        warned = sum(len(each.violations) for each in result.images)
        warnings = f", with {plural(warned, 'warning')}" if warned else ""
        return f"{plural(total, 'language image')}, allowed {by}{warnings}"
    clauses = [f"{_some(unknown, total)} could not be judged"] if unknown else []
    if denied:
        clauses.append(f"{denied if unknown else _some(denied, total)} {_is(denied)} denied {by}")
    remedy = (
        "Fix the errors above and run it again."
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


def why_unknown(audited: Audited) -> str:
    """Why nothing is known of an image, in lines that do not name it; "" where it is known."""
    message = audited.failure.message if audited.failure else ""
    return message.removeprefix(f"{visible(audited.name)}: ")


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
    created = possible_day(image.created, today) if image else None
    newer = image.newer if image else None
    return {
        "image_name": audited.name,
        "digest": image.digests[0] if image and image.digests else None,
        "created": _iso(day_of(image.created) if image else None),
        "age": (today - created).days if created else None,
        "newer": newer and {"tag": newer.tag, "created": newer.created.isoformat()},
        "attestations": [
            {"kind": each.kind, "created": _iso(each.created)}
            for each in (image.attestations if image else ())
        ],
        "findings": [
            {"rule": each.rule, "severity": each.severity, "message": each.message}
            for each in audited.violations
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
