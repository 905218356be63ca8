"""The reports of `outdated` and `lock`, word for word."""

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.lockfile.diff import Entry, LockDiff, State, Words
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.model.versions import Version
from lsp_assembler.operations.newest import Standing
from lsp_assembler.operations.outdated import OutdatedResult
from lsp_assembler.reports.outdated import changes, render_json, summary, text

ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
COMMIT = "896f72a0d4ac0f8e6ea0a1e1ad47bd9f9a9be6d5"
LOCK = Path("images.lock")
LANGUAGES, CUSTOM = StartPointType.LANGUAGES, StartPointType.CUSTOM
BASE = Entry("base", "cyberdojo/start-points-base:latest", "unchanged", ONE, ONE)
JAVA = Entry("image", "a/java_junit:LSP", "unchanged", TWO, TWO)


def diff(*entries: Entry, locked: StartPointType | None = LANGUAGES, is_reordered: bool = False) -> LockDiff:
    return LockDiff(locked, LANGUAGES, entries, is_reordered)


EVERYTHING = diff(
    Entry("base", "cyberdojo/start-points-base:df28e04", "moved", ONE, TWO),
    JAVA,
    Entry(
        "image",
        "a/python:LSP",
        "moved",
        TWO,
        ONE,
        None,
        Words(COMMIT, "Python"),
        Words("f148b7f0", "Python 3"),
    ),
    Entry("image", "a/elm:LSP", "moved", TWO, ONE, None, Words(COMMIT, "Elm"), Words(COMMIT, "Elm")),
    Entry("image", "a/ruby:LSP", "added", None, ONE),
    Entry("image", "a/perl:LSP", "missing", ONE, None),
    Entry("image", "a/go:LSP", "failed", ONE, None, "a/go:LSP: no answer; expected one\n  Try again."),
    Entry("image", "a/c:LSP", "gone", ONE, None, None, Words(None, "C, assert")),
    locked=CUSTOM,
    is_reordered=True,
)

VERSIONS = (
    Standing(
        Source(0, "a/java:LSP-4edf92a", 3),
        "newer",
        Version("LSP-f148b7f", "2026-11-21T03:34:00Z", ONE, COMMIT, "Java 21"),
    ),
    Standing(Source(1, "a/c:LSP-2", 4), "newest"),
    Standing(Source(2, "a/d:LSP-1", 5), "failed", error=FetchError("a/d: no answer", kind="timeout")),
)

TEXTS = {
    "up to date": (diff(BASE, JAVA), "images.lock: up to date, with its base and 1 image\n"),
    "everything": (
        EVERYTHING,
        """\
state    image                                     what
──────────────────────────────────────────────────────────────────────────────────────────────────
type                                               custom -> languages
moved    base cyberdojo/start-points-base:df28e04  sha256:111111111111 -> sha256:222222222222
moved    a/python:LSP                              896f72a -> f148b7f  Python -> Python 3
moved    a/elm:LSP                                 sha256:222222222222 -> sha256:111111111111  Elm
added    a/ruby:LSP
missing  a/perl:LSP                                there is no such image any more
failed   a/go:LSP                                  see below
gone     a/c:LSP                                   C, assert
order                                              the images stand in another order

error: cyberdojo/start-points-base:df28e04: moved, though this tag must never move
error: a/go:LSP: no answer; expected one. Try again.

images.lock: out of date: 1 added, 1 gone, 3 moved, 1 missing, 1 could not be asked, another order,
another type. A tag moved that must not move: find out who moved it before you run 'lsp-assembler
lock --accept-moved'.
""",
    ),
    "only failed": (
        diff(BASE, Entry("image", "a/go:LSP", "failed", ONE, None, "a/go:LSP: no answer")),
        """\
state   image     what
───────────────────────────
failed  a/go:LSP  see below

error: a/go:LSP: no answer

images.lock: not known to be up to date: 1 could not be asked. \
Fix what is reported above and run it
again.
""",
    ),
    "only reordered": (
        diff(BASE, JAVA, is_reordered=True),
        """\
state  image  what
───────────────────────────────────────────────
order         the images stand in another order

images.lock: out of date: another order. Run 'lsp-assembler lock', and commit the file that it
writes.
""",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_says_exactly(name: str) -> None:
    found, expected = TEXTS[name]
    assert text(OutdatedResult(LOCK, found), 100) == expected


def test_newer_versions_are_told_with_or_without_a_lock() -> None:
    versions = """\
state   image               what
─────────────────────────────────────────────────────────────────────────────
newer   a/java:LSP-4edf92a  LSP-4edf92a -> LSP-f148b7f  Java 21  (2026-11-21)
failed  a/d:LSP-1           see below

error: a/d:LSP-1: a/d: no answer

"""
    summed_up = (
        "images.yml: 1 newer version, 1 could not be asked. "
        "Run 'lsp-assembler update --all', or name the\nimages to move.\n"
    )
    found = OutdatedResult(LOCK, diff(BASE, JAVA), versions=VERSIONS)
    assert text(found, 100) == f"{versions}images.lock: up to date, with its base and 1 image\n{summed_up}"
    unlocked = OutdatedResult(LOCK, None, versions=VERSIONS)
    assert text(unlocked, 100) == (
        f"{versions}images.lock: not there, so nobody knows what has moved. "
        f"Run 'lsp-assembler lock', and commit the\nfile that it writes.\n{summed_up}"
    )
    assert (found.exit_status, unlocked.exit_status) == (3, 3)
    newest = OutdatedResult(LOCK, None, versions=VERSIONS[1:2])
    assert text(newest, 100).endswith("\nimages.yml: no newer version of 1 pinned image\n")
    assert newest.exit_status == OutdatedResult(LOCK, None, versions=VERSIONS[:2]).exit_status == 0


def test_a_problem_cannot_command_a_terminal_or_a_runner() -> None:
    entry = Entry("image", "a/go:LSP", "failed", ONE, None, "\x1b[2J\n::error::x ##[group]")
    written = text(OutdatedResult(Path("images\x1b.lock"), diff(BASE, entry)), None)
    assert "\x1b" not in written
    assert "##[" not in written
    assert not any(line.lstrip().startswith("::") for line in written.splitlines())


def test_of_no_change_there_is_nothing_to_tell() -> None:
    assert changes(diff(BASE, JAVA), 80) == []
    assert summary(diff(BASE, JAVA)) == "no change"


def test_an_image_that_only_got_another_tag_is_told_once() -> None:
    old = Entry("image", "a/ruby:LSP-1", "gone", ONE, None)
    new = Entry("image", "a/ruby:LSP-2", "added", None, TWO, words=Words(title="Ruby"))
    more = Entry("image", "a/c:LSP", "gone", ONE, None)
    found = diff(old, new, more)
    assert changes(found, None) == [
        "state\timage\twhat",
        "updated\ta/ruby\tLSP-1 -> LSP-2  Ruby",
        "gone\ta/c:LSP\t",
    ]
    assert summary(found) == "1 updated, 1 gone"


def test_the_first_lock_has_no_other_type() -> None:
    found = diff(Entry("image", "a/ruby:LSP", "added", None, ONE), locked=None)
    assert changes(found, None) == ["state\timage\twhat", "added\ta/ruby:LSP\t"]
    assert summary(found) == "1 added"


def test_json_tells_everything() -> None:
    done = OutdatedResult(LOCK, EVERYTHING, versions=VERSIONS)
    report = json.loads(render_json(done, "images.lock", None, done.exit_status))
    entries = report.pop("entries")
    nothing = dict.fromkeys(("newest", "digest", "revision", "title", "created", "problem"))
    assert report == {
        "schema": 1,
        "ok": False,
        "exit_status": 3,
        "error": None,
        "lock": "images.lock",
        "type": {"locked": "custom", "now": "languages"},
        "reordered": True,
        "versions": [
            {
                "name": "a/java:LSP-4edf92a",
                "line": 3,
                "state": "newer",
                "newest": "LSP-f148b7f",
                "digest": ONE,
                "revision": COMMIT,
                "title": "Java 21",
                "created": "2026-11-21T03:34:00Z",
                "problem": None,
            },
            {**nothing, "name": "a/c:LSP-2", "line": 4, "state": "newest"},
            {**nothing, "name": "a/d:LSP-1", "line": 5, "state": "failed", "problem": "a/d: no answer"},
        ],
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
        "revision": {"locked": None, "now": None},
        "title": {"locked": None, "now": None},
        "problem": None,
    }
    assert entries[2]["revision"] == {"locked": COMMIT, "now": "f148b7f0"}
    assert entries[2]["title"] == {"locked": "Python", "now": "Python 3"}


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
        "versions": [],
    }


@pytest.mark.parametrize(
    ("state", "status"),
    [("unchanged", 0), ("moved", 4), ("added", 4), ("gone", 4), ("missing", 4), ("failed", 3)],
)
def test_every_state_has_its_exit_status(state: State, status: int) -> None:
    found = diff(BASE, Entry("image", "a/go:LSP", state, ONE, TWO))
    assert found.exit_status == status
    assert json.loads(render_json(OutdatedResult(LOCK, found), "images.lock", None, status))["ok"] == (
        status == 0
    )
