"""Entry point: signals, streams, and the one place where errors become exit statuses.

It imports next to nothing before it listens for signals, so that Ctrl-C right after the start ends the
process as quietly as later on.
"""

import gc
import os
import sys

from lsp_assembler.cli import signals

# A run is short and leaves few cycles: looking for them as often as usual costs a twentieth of it.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run the command line and end the process with the status that docs/exit-status.md gives."""
    signals.note()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)

    from lsp_assembler.cli import output
    from lsp_assembler.errors import INTERRUPTED

    output.open_doors()
    try:
        signals.listen()
        status = _run()
        signals.ignore()
    except signals.Interrupted:
        output.say("interrupted: nothing was left half-done")
        status = INTERRUPTED
    # Threads that still wait for an engine or a registry must not hold the process.
    os._exit(output.finish(status))


def _run() -> int:
    """The command's exit status; an Interrupted may come out of it at any point."""
    from lsp_assembler.cli import output
    from lsp_assembler.errors import INTERNAL, InvalidInputError, LspAssemblerError

    try:
        from lsp_assembler.cli.app import run

        return run()
    except Exception as error:
        if signals.came():
            raise signals.Interrupted from error
        if isinstance(error, LspAssemblerError):
            output.complain(str(error))
            return error.exit_status
        if what := lack(error):
            remedy = "Give it more, or read fewer images at once with --jobs."
            output.complain(f"this machine has too little for the run: {what}\n  {remedy}")
            return InvalidInputError.exit_status
        _report_bug(error)  # whatever else there is, is a bug of ours
        return INTERNAL


def lack(error: BaseException) -> str:
    """What the machine does not have, if that is what an error means; "" else."""
    import errno

    if isinstance(error, MemoryError) or "failed to map segment" in str(error):
        return "memory"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "threads"
    lacks = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, OSError) and error.errno in lacks:
        return os.strerror(error.errno)
    return ""


def _report_bug(error: Exception) -> None:
    import traceback

    from lsp_assembler import HOME, __version__
    from lsp_assembler.cli import output
    from lsp_assembler.model.address import without_secrets
    from lsp_assembler.text import visible

    if "--debug" in sys.argv:
        traceback.print_exception(error)
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    summary = without_secrets(f"{type(error).__name__}: {error}".splitlines()[0])
    output.complain(
        f"lsp-assembler {__version__} has a bug ({visible(summary)})\n"
        f"  Please report it at {HOME}/issues with the output of\n"
        f"  lsp-assembler --debug {visible(' '.join(map(without_secrets, arguments)))}"
    )
