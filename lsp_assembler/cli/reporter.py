"""The process that makes the report which `serve --shas` shows. No command: the service starts it.

It reads its task, a line, from stdin, and writes an `Outcome` to stdout. When stdin ends, or SIGTERM comes,
it cleans up and ends.
"""

import json
import os
import signal
import threading
from io import RawIOBase
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from lsp_assembler.cli import options, signals
from lsp_assembler.cli.main import lack
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations.observer import Observer
from lsp_assembler.operations.report import ReportRequest, ReportResult, report
from lsp_assembler.reports.html.pages import pages, policy_of_pages
from lsp_assembler.reports.report import contents
from lsp_assembler.service.errors import bug_words
from lsp_assembler.service.report_process import MARK, Made, NotMade, Outcome

_NICENESS = 19
_IN, _OUT = 0, 1
_MOST_TOLD = 3


def main() -> None:
    """Make one report, and end the process."""
    signals.note()
    try:
        signals.listen()
        os.nice(_NICENESS)  # probes come first
        stdin = open(_IN, "rb", closefd=False)  # noqa: SIM115  # until this process ends
        line = stdin.readline()
        threading.Thread(target=_end_with, args=(stdin.raw,), daemon=True).start()
        said = memoryview(msgspec.msgpack.encode(_outcome(line)))
        while said:
            said = said[os.write(_OUT, said) :]
    except (signals.Interrupted, BrokenPipeError):  # the service has no use for it any more
        pass
    # Threads that still wait for a registry must not hold the process.
    os._exit(0)


class _Noting(Observer):
    """Keeps what the user should know."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


def _end_with(stdin: RawIOBase) -> None:
    """End this process when the service ends, however that ends."""
    stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _outcome(line: bytes) -> Outcome:
    noting = _Noting()
    try:
        request: ReportRequest = msgspec.convert(json.loads(line), ReportRequest, dec_hook=_path)
        result = report(replace(request, environ=options.environ()), noting)
        if reason := _lost(result):
            return NotMade(reason, tuple(noting.notices))
        made = pages(result, MARK)
        problems = result.problems
        return Made(made, policy_of_pages(), contents(result), problems, tuple(noting.notices))
    except LspAssemblerError as error:
        return NotMade(str(error), tuple(noting.notices))
    except Exception as error:  # noqa: BLE001  # the service says it to the one who runs it
        what = lack(error)
        return NotMade(f"this machine has too little for it: {what}" if what else bug_words(error))


def _path(_: Any, value: str) -> Path:
    return Path(value)


def _lost(result: ReportResult) -> str:
    """Why a report is worth nothing, as not one language could be read; "" where it is worth something."""
    problems = [each.problem for each in result.languages]
    if not problems or not all(problems):
        return ""
    reasons = list(dict.fromkeys(problems))
    more = [f"and {len(reasons) - _MOST_TOLD} more"] if len(reasons) > _MOST_TOLD else []
    return "\n".join([*reasons[:_MOST_TOLD], *more])
