"""The reports of `outdated` and `lock`, word for word."""

import json
from typing import Any

import pytest

from lsp_assembler.lockfile.diff import Drift, Entry, State
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.reports.outdated import changes, render_json, summary, text

ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
LANGUAGES, CUSTOM = StartPointType.LANGUAGES, StartPointType.CUSTOM
BASE = Entry("base", "cyberdojo/start-points-base:latest", "unchanged", ONE, ONE)
JAVA = Entry("image", "a/java_junit:LSP", "unchanged", TWO, TWO)


def drift(*entries: Entry, locked: StartPointType | None = LANGUAGES, is_reordered: bool = False) -> Drift:
    return Drift(locked, LANGUAGES, entries, is_reordered)


EVERYTHING = drift(
    Entry("base", "cyberdojo/start-points-base:df28e04", "moved", ONE, TWO),
    JAVA,
    Entry("image", "a/python:LSP", "moved", TWO, ONE),
    Entry("image", "a/ruby:LSP", "added", None, ONE),
    Entry("image", "a/perl:LSP", "missing", ONE, None),
    Entry("image", "a/go:LSP", "failed", ONE, None, "a/go:LSP: no answer; expected one\n  Try again."),
    Entry("image", "a/c:LSP", "gone", ONE, None),
    locked=CUSTOM,
    is_reordered=True,
)

TEXTS = {
    "up to date": (drift(BASE, JAVA), "images.lock: up to date, with its base and 1 image\n"),
    "everything": (
        EVERYTHING,
        """\
  type     custom → languages
  moved    base cyberdojo/start-points-base:df28e04, though its tag must not
           sha256:111111111111 → sha256:222222222222
  moved    a/python:LSP
           sha256:222222222222 → sha256:111111111111
  added    a/ruby:LSP
  missing  a/perl:LSP: there is no such image any more
  failed   a/go:LSP
           no answer; expected one
           Try again.
  gone     a/c:LSP
  order    the images stand in another order

images.lock: out of date: 1 added, 1 gone, 2 moved, 1 missing, 1 could not be asked, another order, \
another type. A tag moved that must not: find out who moved it before you run \
'lsp-assembler lock --accept-moved'.
""",
    ),
    "only failed": (
        drift(BASE, Entry("image", "a/go:LSP", "failed", ONE, None, "a/go:LSP: no answer")),
        """\
  failed   a/go:LSP
           no answer

images.lock: not known to be up to date: 1 could not be asked. \
Fix what is reported above and run it again.
""",
    ),
    "only reordered": (
        drift(BASE, JAVA, is_reordered=True),
        """\
  order    the images stand in another order

images.lock: out of date: another order. Run 'lsp-assembler lock', and commit the file that it writes.
""",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_says_exactly(name: str) -> None:
    found, expected = TEXTS[name]
    assert text(found, "images.lock") == expected


def test_a_problem_cannot_command_a_terminal_or_a_runner() -> None:
    entry = Entry("image", "a/go:LSP", "failed", ONE, None, "\x1b[2J\n::error::x ##[group]")
    written = text(drift(BASE, entry), "images\x1b.lock")
    assert "\x1b" not in written
    assert "##[" not in written
    assert not any(line.lstrip().startswith("::") for line in written.splitlines())


def test_of_no_change_there_is_nothing_to_tell() -> None:
    assert changes(drift(BASE, JAVA)) == []
    assert summary(drift(BASE, JAVA)) == "no change"


def test_the_first_lock_has_no_other_type() -> None:
    found = drift(Entry("image", "a/ruby:LSP", "added", None, ONE), locked=None)
    assert changes(found) == ["  added    a/ruby:LSP"]
    assert summary(found) == "1 added"


def test_json_tells_everything() -> None:
    report = json.loads(render_json(EVERYTHING, "images.lock", None, EVERYTHING.exit_status))
    entries = report.pop("entries")
    assert report == {
        "schema": 1,
        "ok": False,
        "exit_status": 3,
        "error": None,
        "lock": "images.lock",
        "type": {"locked": "custom", "now": "languages"},
        "reordered": True,
    }
    assert [(entry["name"], entry["state"]) for entry in entries] == [
        (entry.name, entry.state) for entry in EVERYTHING.entries
    ]
    assert entries[0] == {
        "role": "base",
        "name": "cyberdojo/start-points-base:df28e04",
        "state": "moved",
        "may_move": False,
        "locked": ONE,
        "now": TWO,
        "problem": None,
    }


def test_json_of_a_run_that_was_stopped() -> None:
    report: dict[str, Any] = json.loads(render_json(None, "images.lock", "no lock", 4))
    assert report == {
        "schema": 1,
        "ok": False,
        "exit_status": 4,
        "error": "no lock",
        "lock": "images.lock",
        "type": None,
        "reordered": None,
        "entries": [],
    }


@pytest.mark.parametrize(
    ("state", "status"),
    [("unchanged", 0), ("moved", 4), ("added", 4), ("gone", 4), ("missing", 4), ("failed", 3)],
)
def test_every_state_has_its_exit_status(state: State, status: int) -> None:
    found = drift(BASE, Entry("image", "a/go:LSP", state, ONE, TWO))
    assert found.exit_status == status
    assert json.loads(render_json(found, "images.lock", None, status))["ok"] == (status == 0)
