"""The options of `serve` that show a report to people."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct, to_builtins
from msgspec.structs import asdict, replace

from lsp_assembler.cli.grouped import NOTHING, OFF
from lsp_assembler.cli.report_files import data_option, history_option, services_option
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.operations.serve import ServeRequest
from lsp_assembler.stores.interface import Pull

if TYPE_CHECKING:
    from lsp_assembler.service.report_process import ReportProcess

_PANEL = "Page at /shas"
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from lsp_assembler.cli.reporter import main; main()"


class ShasPage(Struct, frozen=True):
    """Whether there is a page with every version of every language, and what it shows beside them."""

    shas: Annotated[
        bool,
        typer.Option(
            "--shas",
            help="Show a report at /shas: every image, its age, size and durations. It asks the registries "
            "when somebody looks, and is kept for an hour.",
            rich_help_panel=_PANEL,
        ),
        OFF,
    ]
    services: Annotated[Path | None, services_option(_PANEL), NOTHING]
    data: Annotated[Path | None, data_option(_PANEL), NOTHING]
    history: Annotated[
        Path | None,
        history_option("A file with a line about each build, for the page; it is only read.", _PANEL),
        NOTHING,
    ]


def report_process(
    page: ShasPage, request: ServeRequest, pull: Pull | None, policy: Path | None
) -> "ReportProcess | None":
    """What makes the report, in a process of its own; None if nobody asked for the page.

    Args:
        request: what is served.
        pull: when an engine pulls, if that was said.
        policy: the file of `--policy`.

    Raises:
        InvalidInputError: there are options for the page, but nobody asked for it; or one of their files is
            wrong; or nothing can be shown of this source.
    """
    files = {name: path for name, path in asdict(page).items() if name != "shas" and path}
    if not page.shas:
        if files:
            facts = [f"--{name}: it needs --shas" for name in files]
            raise InvalidInputError(facts, "Add --shas, or leave out the others.")
        return None
    from lsp_assembler.operations.serve_report import Beside, report_request
    from lsp_assembler.service.report_process import ReportProcess

    stores = replace(request.stores, pull=pull or Pull.MISSING)
    wanted = report_request(request, Beside(**files, policy=policy), stores)
    # The environment is inherited. JSON is Python's own, as names of files may hold what is not UTF-8.
    task = json.dumps(to_builtins(replace(wanted, environ={}), enc_hook=str)).encode()
    # It imports what this process imports, wherever that is, and nothing from the folder it happens to be in.
    return ReportProcess((sys.executable, "-c", _PROGRAM, *filter(None, sys.path)), task)
