"""What `audit` says in the job summary of GitHub Actions."""

from collections.abc import Iterator

from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.reports.audit import ORDER, attested, closing_line, places, said_of, state_of
from lsp_assembler.reports.markdown import escaped, name, table
from lsp_assembler.reports.wording import ABSENT
from lsp_assembler.rules.policy import age, possible_day
from lsp_assembler.text import plural, visible

_SIGNS = {"error": "❌", "warning": "⚠️", "exempt": "⏳"}


def summary(result: AuditResult) -> str:
    """Verdict, errors, warnings, exemptions, all language images."""
    parts = [_head(result.exit_status), escaped(closing_line(result, "below"))]
    if rows := list(_problems(result)):
        parts.append(table(("", "language image", "named by", "what"), rows))
    if result.images:
        heading = plural(len(result.images), "language image")
        rows = [_row(each, result) for each in result.images]
        images = table(("language image", "created", "age, days", "state", "attested"), rows)
        parts.append(f"<details><summary>{heading}</summary>\n\n{images}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def stopped(error: LspAssemblerError) -> str:
    """The summary of a run that an error ended before there was a result."""
    return f"{_head(error.exit_status)}\n\n{escaped(str(error))}\n"


def _head(exit_status: int) -> str:
    return f"### {'❌' if exit_status else '✅'} lsp-assembler audit"


def _problems(result: AuditResult) -> Iterator[tuple[str, ...]]:
    told = [(audited, said) for audited in result.images for said in said_of(audited)]
    for audited, (severity, message, rule) in sorted(told, key=lambda each: -ORDER.index(each[1][0])):
        what = f"{escaped(message)}<br>{escaped(rule)}"
        yield _SIGNS[severity], name(audited.name), escaped(visible(places(audited.mentions))), what


def _row(audited: Audited, result: AuditResult) -> tuple[str, ...]:
    made = audited.image.created if audited.image else None
    days = age(made, result.today)
    shown = ABSENT if days is None else f"{days:,}"
    day = str(possible_day(made, result.today) or ABSENT)
    return name(audited.name), day, shown, state_of(audited), escaped(visible(attested(audited)))
