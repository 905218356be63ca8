"""Entry point: signals, and the one place where errors become exit statuses.

It imports next to nothing before it listens for signals, so that Ctrl-C right after the start ends the
process as quietly as later on.
"""

import contextlib
import gc
import io
import os
import signal
import sys
from typing import NoReturn

from lsp_assembler import __version__
from lsp_assembler.cli import signals
from lsp_assembler.errors import INTERNAL, INTERRUPTED, LspAssemblerError

# A run is short and leaves few cycles: looking for them as often as usual costs a twentieth of it.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_BROKEN_PIPE = 128 + signal.SIGPIPE


def main() -> NoReturn:
    """Run the command line and end the process with the status that docs/exit-status.md gives."""
    signals.listen()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale: names are in every script there is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = _run()
    except signals.Interrupted:
        _say("interrupted: nothing was left half-done")
        status = INTERRUPTED
    _exit(status)


def _run() -> int:
    """The command's exit status; an Interrupted may come out of it at any point."""
    try:
        from lsp_assembler.cli.app import app  # noqa: PLC0415  # see the top of this file

        app()
    except SystemExit as end:  # which is how Typer ends
        # Typer gives a closed pipe the status 1, which here means that there are findings.
        closed_pipe = isinstance(end.__context__, BrokenPipeError)
        return _BROKEN_PIPE if closed_pipe else end.code if isinstance(end.code, int) else 0
    except LspAssemblerError as error:
        _say(f"error: {error}")
        return error.exit_status
    except BrokenPipeError:
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # whatever else there is, is a bug of ours
        _report_bug(error)
        return INTERNAL
    return 0


def _report_bug(error: Exception) -> None:
    if "--debug" in sys.argv:
        import traceback  # noqa: PLC0415  # see the top of this file

        traceback.print_exception(error)
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    _say(
        f"error: lsp-assembler {__version__} has a bug ({summary})\n"
        "  Please report it at https://github.com/cyber-dojo/lsp-assembler/issues with the output of\n"
        f"  lsp-assembler --debug {' '.join(sys.argv[1:])}"
    )


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")


def _exit(status: int) -> NoReturn:
    """End now: threads that still wait for an engine or a registry must not hold the process."""
    signals.ignore()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)
