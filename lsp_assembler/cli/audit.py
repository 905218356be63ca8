"""`lsp-assembler audit`."""

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from msgspec.structs import asdict

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import Default, grouped
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations import audit as operation
from lsp_assembler.operations.request import DEFAULT_FILE
from lsp_assembler.reports import audit as reports
from lsp_assembler.reports import audit_markdown, github, sarif


class AuditFormat(StrEnum):
    """How the findings are written: for people, for programs, for GitHub Actions, for code scanning."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Source = Annotated[
    str,
    typer.Argument(
        metavar="[SOURCE]",
        help="An image, or the path of images.yml, of images.lock, or of a folder of index dirs.",
        show_default=str(DEFAULT_FILE),
    ),
    Default(str(DEFAULT_FILE)),
]
Format = Annotated[
    AuditFormat,
    typer.Option("--format", help="How to write the findings to stdout."),
    Default(AuditFormat.TEXT),
]


@grouped
def audit(
    *,
    source: Source,
    policy: options.PolicyFile,
    reading: options.Reading,
    pull: options.PullMissing,
    reach: options.Reach,
    caching: options.Caching,
    jobs: options.Jobs,
    strict: options.Strict,
    format_: Format,
) -> None:
    """Judge language images by a policy: too old, superseded, denied.

    Those that an image serves, or a lock file or list names. Also says which have an SBOM or provenance.
    """
    request = operation.AuditRequest(
        source=source,
        policy=policy,
        from_store=reading.from_,
        strict=strict,
        jobs=jobs,
        stores=options.cached(reach.options(pull), **asdict(caching)),
        environ=options.environ(),
    )

    def show(done: operation.AuditResult) -> None:
        if format_ is AuditFormat.JSON:
            output.document(reports.render_json(done, source, None, done.exit_status))
        elif format_ is AuditFormat.SARIF:
            output.document(sarif.render(done))
        elif format_ is AuditFormat.GITHUB:
            reporting.append("GITHUB_STEP_SUMMARY", audit_markdown.summary(done))
            output.verbatim(github.render_audit(done))
        else:
            from lsp_assembler.reports import audit_text

            reporting.draw(partial(audit_text.text, done))

    def failed(error: LspAssemblerError) -> None:
        if format_ is AuditFormat.JSON:
            output.document(reports.render_json(None, source, str(error), error.exit_status))
        elif format_ is AuditFormat.SARIF:
            output.document(sarif.stopped(error))
        else:
            reporting.append("GITHUB_STEP_SUMMARY", audit_markdown.stopped(error))
            output.verbatim(github.stopped("audit", error))

    reporting.run(partial(operation.audit, request), show, None if format_ is AuditFormat.TEXT else failed)
