"""A signal ends a run at whatever moment it comes, and as what it is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_assembler.errors import INTERRUPTED
from tests import PACKAGE_PATH

BEGINNING = """
import os, signal, sys, time
from lsp_assembler.cli import signals
me = lambda number=signal.SIGINT: os.kill(os.getpid(), number)
signals.listen()
try:
"""
END = """
    time.sleep(5)
    print("went on")
except signals.Interrupted:
    print("interrupted")
"""
MOMENTS = {
    "at once": "me()",
    "terminated": "me(signal.SIGTERM)",
    "while a module is imported": "import sends_a_signal; print('imported')",
    "while an extension is initialised": "import imports_within; print('imported')",
    "while a class is made": """
    class Named:
        def __set_name__(self, *_):
            me()
    class Owner:
        name = Named()
""",
    "in a finalizer": """
    class Final:
        def __del__(self):
            me()
    Final()
""",
    "in the callback of a weak reference": """
    import weakref
    class Key: pass
    weakref.finalize(Key(), me)
""",
    "held back": """
    with signals.HeldBack():
        me()
        print('held back')
""",
}


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "sends_a_signal.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nx = [i for i in range(9)]\n"
    )
    (folder / "imports_within.py").write_text(
        "try:\n    import sends_a_signal\nexcept BaseException:\n    pass\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=PACKAGE_PATH,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_whenever_it_comes(moment: str, tmp_path: Path) -> None:
    done = run(f"{BEGINNING}    {MOMENTS[moment].strip()}{END}", tmp_path)
    assert done.stdout.split("\n")[-2:] == ["interrupted", ""]
    assert done.stderr == ""


def test_what_is_noted_counts_when_listening_begins(tmp_path: Path) -> None:
    noted = BEGINNING.replace("signals.listen()", "signals.note()")
    done = run(f"{noted}    me(); print('noted'); signals.listen(){END}", tmp_path)
    assert (done.stdout, done.stderr) == ("noted\ninterrupted\n", "")


@pytest.mark.parametrize("beginning", ["signals.listen()", "signals.note()"])
def test_the_second_ends_the_process(beginning: str, tmp_path: Path) -> None:
    code = BEGINNING.replace("signals.listen()", beginning) + (
        "    try:\n        me()\n    finally:\n        me()\n" + END
    )
    done = run(code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "")


def test_what_is_done_is_not_interrupted(tmp_path: Path) -> None:
    done = run(f"{BEGINNING}    signals.ignore(); me(); me(); print('done'); sys.exit(){END}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_whatever_a_signal_comes_out_as_is_an_interruption(tmp_path: Path) -> None:
    """A C extension may make any exception of it; here it is one of our own modules."""
    code = """
import os, signal, sys
from lsp_assembler.cli import app, main
def run():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        [None for _ in range(9)]
    except BaseException as error:
        raise SystemError("initialization failed") from error
app.run = run
main.main()
"""
    done = run(code, tmp_path)
    assert done.returncode == INTERRUPTED
    assert done.stderr == "interrupted: nothing was left half-done\n"


def test_the_status_is_that_of_a_shell() -> None:
    assert 128 + signal.SIGINT == INTERRUPTED
