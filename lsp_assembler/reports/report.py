"""What `report` says: Markdown, CSV, JSON, and the cells and lines that its table has as well."""

import csv
import io
from collections.abc import Iterator, Sequence

from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.language import Language, LanguageVersion, Service
from lsp_assembler.operations.report import ReportResult
from lsp_assembler.operations.report_rows import Row
from lsp_assembler.reports.json import envelope
from lsp_assembler.reports.markdown import escaped
from lsp_assembler.reports.wording import ABSENT, human_size
from lsp_assembler.text import inert, plural, visible

LANGUAGE, TAG = "language", "tag"
"""The titles of the columns that hold names."""

RIGHT = ("age", "size", "red", "amber", "green", "30 days")
"""The titles of the columns that hold numbers."""

_OBEYED_BY_SPREADSHEETS = ("=", "+", "-", "@")
_DATE = len("2026-11-21")
_CSV = (
    "repository",
    "title",
    "tag",
    "in_use",
    "created",
    "age",
    "image_name",
    "compressed",
    "red",
    "amber",
    "green",
    "slower",
    "grown",
    "digest",
    "revision",
    "source",
    "policy",
    "problem",
)


def closing_line(result: ReportResult, rows: Sequence[Row]) -> str:
    """What a report comes to, in one line, e.g. "84 languages with 2,520 versions, of which 3 are shown"."""
    shown = f"{len(rows):,} {'is' if len(rows) == 1 else 'are'} shown"
    return f"{contents(result)}, of which {shown}{_incomplete(result)}"


def closing_line_of_page(result: ReportResult, path: str) -> str:
    """The same of the page, with a line feed, e.g. "site/index.html: 84 languages with 2,520 versions"."""
    return inert(f"{visible(path)}: {contents(result)}{_incomplete(result)}") + "\n"


def contents(result: ReportResult) -> str:
    """What a report has, e.g. "84 languages with 2,520 versions"."""
    versions = sum(len(each.versions) for each in result.languages)
    return f"{plural(len(result.languages), 'language')} with {plural(versions, 'version')}"


def _incomplete(result: ReportResult) -> str:
    return "; not everything could be read: see the errors" if result.problems else ""


def markdown(result: ReportResult, rows: Sequence[Row]) -> str:
    """The rows as a table in GitHub's Markdown."""
    cells = [cells_of(row, is_judged=result.is_judged) for row in rows]
    titles = list(cells[0]) if cells else []
    ruled = ["--:" if title in RIGHT else "---" for title in titles]
    lines = [f"| {' | '.join(each)} |" for each in (titles, ruled) if each]
    lines += [f"| {' | '.join(map(escaped, each.values()))} |" for each in cells]
    return "\n".join([*lines, *([""] if lines else []), escaped(closing_line(result, rows))]) + "\n"


def table_of_values(rows: Sequence[Row]) -> str:
    """The rows as CSV, with a line of titles; what is not known is empty.

    A spreadsheet takes some texts for formulas: these get an apostrophe in front.
    """
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(_CSV)
    for row in rows:
        values = _values(row)
        writer.writerow([_in_csv(values[title]) for title in _CSV])
    return output.getvalue()


def render_json(
    result: ReportResult | None, rows: Sequence[Row], source: str, error: str | None, exit_status: int
) -> str:
    """The same for programs, documented in docs/json.md.

    Args:
        result: None where an error stopped the run before there was anything to report.
    """
    return envelope(
        exit_status,
        error,
        source=source,
        today=result and result.today.isoformat(),
        services=[_json_service(each) for each in result.services] if result else [],
        languages=[_json_language(each) for each in result.languages] if result else [],
        versions=[_json_version(row) for row in rows],
        problems=list(result.problems) if result else [],
    )


def percent(change: float | None) -> str:
    """A change as people write it: "+12 %", "-3 %", "0 %", or a dash where it is not known."""
    if change is None:
        return ABSENT
    rounded = round(change)
    return f"{rounded:+,} %" if rounded else "0 %"


def day_of(created: str | None) -> str:
    """The day of a date, e.g. "2026-11-21", or a dash where it is not known."""
    epoch = epoch_of(created)
    return ABSENT if epoch is None else timestamp(epoch)[:_DATE]


def cells_of(row: Row, *, is_judged: bool) -> dict[str, str]:
    """The cells of a row by their titles, each fit to be shown; what matters least is last."""
    version = row.version
    durations = version.durations
    cells = {
        LANGUAGE: visible(version.title or row.language.name),
        TAG: visible(version.tag),
        "age": ABSENT if version.age is None else f"{version.age:,} d",
        "size": ABSENT if version.compressed is None else human_size(version.compressed),
        "green": f"{durations.green:.2f} s" if durations else ABSENT,
        "30 days": percent(row.slower),
    }
    if is_judged:
        cells["policy"] = version.judged.judgement if version.judged else ABSENT
    return cells | {
        "amber": f"{durations.amber:.2f} s" if durations else ABSENT,
        "red": f"{durations.red:.2f} s" if durations else ABSENT,
    }


def _in_csv(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_OBEYED_BY_SPREADSHEETS) else shown


def _values(row: Row) -> dict[str, object]:
    """What is known of a version, by the names of the columns of CSV."""
    version = row.version
    durations = version.durations
    return {
        "repository": row.language.repository,
        "title": version.title or None,
        "tag": version.tag,
        "in_use": version.in_use,
        "created": version.created,
        "age": version.age,
        "image_name": version.image_name or None,
        "compressed": version.compressed,
        "red": durations and durations.red,
        "amber": durations and durations.amber,
        "green": durations and durations.green,
        "slower": _rounded(row.slower),
        "grown": _rounded(row.grown),
        "digest": version.digest or None,
        "revision": version.revision or None,
        "source": version.source or None,
        "policy": version.judged and version.judged.judgement,
        "problem": version.problem or version.image_problem or None,
    }


def _json_version(row: Row) -> dict[str, object]:
    version = row.version
    values = _values(row)
    return {
        **{key: values[key] for key in _CSV[:8]},
        "platform": (version.size.platform if version.size else "") or None,
        "durations": version.durations and {key: values[key] for key in ("red", "amber", "green")},
        **{key: values[key] for key in ("slower", "grown", "digest", "revision", "source")},
        "policy": version.judged
        and {"judgement": version.judged.judgement, "reasons": list(version.judged.reasons)},
        "problem": values["problem"],
    }


def _json_language(language: Language) -> dict[str, object]:
    return {
        "repository": language.repository,
        "title": language.title,
        "versions": len(language.versions),
        "in_use": list(_tags(each for each in language.versions if each.in_use)),
        "month_ago": language.month_ago and language.month_ago.tag,
        "slower": _rounded(language.slower),
        "grown": _rounded(language.grown),
        "problem": language.problem or None,
    }


def _tags(versions: Iterator[LanguageVersion]) -> Iterator[str]:
    return (version.tag for version in versions)


def _json_service(service: Service) -> dict[str, object]:
    return {
        "name": service.name,
        "is_subject": service.is_subject,
        "is_absent": service.is_absent,
        "digest": service.digest or None,
        "created": service.created,
        "age": service.age,
        "revision": service.revision or None,
        "source": service.source or None,
        "base": {"name": service.base_name or None, "digest": service.base_digest or None},
        "platforms": list(service.platforms),
        "problem": service.problem or None,
    }


def _rounded(change: float | None) -> float | None:
    """To a tenth of a percent: what is below that is noise."""
    return None if change is None else round(change, 1)
