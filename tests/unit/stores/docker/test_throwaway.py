"""Whose throwaway containers are these, and is the owner gone?"""

import os
import subprocess
import sys

import pytest

from lsp_assembler.files.runs import is_gone, run_id


def test_this_process_is_there() -> None:
    mine = run_id(os.getpid())
    assert mine == run_id(os.getpid())
    assert mine.split(".")[-2] == str(os.getpid())
    assert not is_gone(mine)


def test_another_process_is_there_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        run = run_id(process.pid)
        assert run != run_id(os.getpid())
        assert not is_gone(run)
        process.communicate(b"\n")
    assert is_gone(run)


def test_a_later_process_of_the_same_number_is_another() -> None:
    host, pid, started = run_id(os.getpid()).rsplit(".", 2)
    assert is_gone(f"{host}.{pid}.{int(started) + 1}")


@pytest.mark.parametrize("host", ["", "elsewhere", "a.b.c"])
def test_nothing_is_known_of_other_hosts(host: str) -> None:
    assert not is_gone(f"{host}.1.7")


@pytest.mark.parametrize("rest", ["", ".", "..", ".x.7", ".-1.7", ".1", "1.7"])
def test_labels_that_no_run_wrote_are_left_alone(rest: str) -> None:
    host = run_id(os.getpid()).rsplit(".", 2)[0]
    assert not is_gone(rest)
    assert not is_gone(f"{host}{rest}")
