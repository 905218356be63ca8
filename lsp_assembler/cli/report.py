"""`lsp-assembler report`."""

import re
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.extras import require_serve
from lsp_assembler.cli.grouped import NOTHING, OFF, Default, grouped
from lsp_assembler.cli.report_files import data_option, history_option, services_option
from lsp_assembler.errors import InvalidInputError, LspAssemblerError
from lsp_assembler.files.atomic import write_files
from lsp_assembler.operations import report as operation
from lsp_assembler.operations.report_rows import Filters, rows
from lsp_assembler.operations.request import DEFAULT_FILE
from lsp_assembler.reports import report as reports
from lsp_assembler.reports.html import FIRST_PAGE
from lsp_assembler.stores.interface import Pull
from lsp_assembler.text import named

_DAYS = {"d": 1, "w": 7, "y": 365}
_ROWS = "Which versions"


class ReportFormat(StrEnum):
    """How the report is written: for people, for programs, for spreadsheets, for a pull request."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


Source = Annotated[
    str,
    typer.Argument(
        metavar="[SOURCE]",
        help="An image, or the path of images.yml or of images.lock.",
        show_default=str(DEFAULT_FILE),
    ),
    Default(str(DEFAULT_FILE)),
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="DIR", help="Write the report as a web page to this folder."),
    NOTHING,
]
Services = Annotated[Path | None, services_option(), NOTHING]
Data = Annotated[Path | None, data_option(), NOTHING]
History = Annotated[
    Path | None,
    history_option("A file with a line about each build, for the page; an image is added to it."),
    NOTHING,
]
Format = Annotated[
    ReportFormat,
    typer.Option("--format", help="How to write the report to stdout."),
    Default(ReportFormat.TEXT),
]


class Rows(Struct, frozen=True):
    """Which versions are shown. The page has them all."""

    all_: Annotated[
        bool,
        typer.Option("--all", help="All versions, not only those in use.", rich_help_panel=_ROWS),
        OFF,
    ]
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="Those older than e.g. 90d, 8w or 1y.", rich_help_panel=_ROWS
        ),
        NOTHING,
    ]
    slower: Annotated[
        str | None,
        typer.Option(
            "--slower",
            metavar="PERCENT",
            help="Those whose green tests take more than PERCENT longer than a month ago.",
            rich_help_panel=_ROWS,
        ),
        NOTHING,
    ]
    grown: Annotated[
        str | None,
        typer.Option(
            "--grown",
            metavar="PERCENT",
            help="Those whose language image is more than PERCENT larger than a month ago.",
            rich_help_panel=_ROWS,
        ),
        NOTHING,
    ]
    slowest: Annotated[
        int | None,
        typer.Option(
            "--slowest",
            min=1,
            metavar="N",
            help="The N with the longest green tests, the slowest first.",
            rich_help_panel=_ROWS,
        ),
        NOTHING,
    ]

    def filters(self) -> Filters:
        """The same as values.

        Raises:
            InvalidInputError: one of them is malformed.
        """
        return Filters(
            self.all_,
            _age(self.older_than) if self.older_than else None,
            _percent("--slower", self.slower) if self.slower else None,
            _percent("--grown", self.grown) if self.grown else None,
            self.slowest,
        )


@grouped
def report(
    *,
    source: Source,
    html: Html,
    services: Services,
    data: Data,
    policy: options.PolicyFile,
    history: History,
    rows_: Rows,
    reading: options.Reading,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
    format_: Format,
) -> None:
    """Show every version of every language: age, size, durations.

    As a table for people or for scripts, or as a web page in a folder.
    """
    request = operation.ReportRequest(
        source=source,
        services=services,
        data=data,
        policy=policy,
        history=history,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(Pull.MISSING), no_cache=no_cache),
        environ=options.environ(),
    )
    filters = rows_.filters()
    if html:
        require_serve("--html", ["jinja2"])

    def show(done: operation.ReportResult) -> None:
        if html:
            _write(done, html)
        chosen = rows(done.languages, filters)
        if format_ is ReportFormat.JSON:
            output.document(reports.render_json(done, chosen, source, None, done.exit_status))
            return
        if format_ is ReportFormat.CSV:
            output.document(reports.table_of_values(chosen))
        elif format_ is ReportFormat.MARKDOWN:
            output.document(reports.markdown(done, chosen))
        elif html:
            output.report(reports.closing_line_of_page(done, str(html / FIRST_PAGE)))
        else:
            from lsp_assembler.reports import report_text

            reporting.draw(partial(report_text.text, done, chosen))
        for problem in done.problems:
            output.complain(problem)

    def failed(error: LspAssemblerError) -> None:
        output.document(reports.render_json(None, (), source, str(error), error.exit_status))

    reporting.run(partial(operation.report, request), show, failed if format_ is ReportFormat.JSON else None)


def _write(done: operation.ReportResult, folder: Path) -> None:
    """Write the pages; other files in the folder stay.

    Raises:
        PublishError: they cannot be written.
    """
    from lsp_assembler.reports.html.pages import pages

    write_files(pages(done), folder, "Choose another folder with --html.")


def _age(text: str) -> int:
    matched = re.fullmatch("([1-9][0-9]{0,3})([dwy])", text)
    if not matched:
        raise InvalidInputError(
            f"--older-than: {named(text)} is not an age; expected days, weeks or years, e.g. 90d, 8w or 1y",
            "Correct the option.",
        )
    return int(matched[1]) * _DAYS[matched[2]]


def _percent(option: str, text: str) -> float:
    matched = re.fullmatch(r"([0-9]{1,4}(?:\.[0-9]{1,3})?) ?%?", text)
    if not matched:
        raise InvalidInputError(
            f"{option}: {named(text)} is not a percentage; expected e.g. 20%", "Correct the option."
        )
    return float(matched[1])
