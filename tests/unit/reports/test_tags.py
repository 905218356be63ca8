"""What `tags` says of the versions of one image."""

import json

from lsp_assembler.model.versions import Version
from lsp_assembler.operations.tags import TagsResult
from lsp_assembler.reports.tags import notes, render_json, text
from lsp_assembler.reports.wording import ABSENT

FINE = Version("LSP-3.7", "2026-11-21T03:34:56+01:00", f"sha256:{'0a' * 32}", "4edf92a8c7d6")


def listing(*versions: Version, others: int = 0) -> TagsResult:
    return TagsResult("org/java", "registry", "the registry", versions, others)


def test_a_row_for_each_version() -> None:
    found = listing(FINE, Version("LSP-3.6", digest="sha256:0b"))
    assert text(found, 80) == (
        "org/java: 2 tags in the registry, newest first\n"
        "\n"
        "tag      created           commit   digest\n"
        "───────────────────────────────────────────────────────\n"
        "LSP-3.7  2026-11-21 02:34  4edf92a  sha256:0a0a0a0a0a0a\n"
        f"LSP-3.6  {ABSENT}                 {ABSENT}        sha256:0b\n"
    )
    assert text(found, None).splitlines()[:2] == [
        "tag\tcreated\tcommit\tdigest",
        "LSP-3.7\t2026-11-21 02:34\t4edf92a\tsha256:0a0a0a0a0a0a",
    ]


def test_no_version() -> None:
    assert text(listing(others=2), 80) == "org/java: no LSP tag in the registry\n"
    assert notes(listing(others=2)) == ["Not listed without --all: 2 other tags."]
    assert notes(listing()) == []


def test_what_an_image_says_of_itself_does_nothing_to_a_terminal() -> None:
    hostile = Version("LSP-1", "\x1b[2J", "sha256:0a", "\x1b[31mx\u202e")
    shown = text(listing(hostile), 80)
    assert shown.replace("\n", "").isprintable()
    assert max(map(len, shown.splitlines())) <= 80
    broken = Version("LSP-1", "\ud800", "sha256:0a", "\ud800")
    report = render_json(listing(broken), "org/java", "registry", None, 0)
    assert json.loads(report.encode())["tags"][0]["revision"] == "\ud800"


def test_an_error_in_place_of_a_list() -> None:
    report = json.loads(render_json(None, "org/java", "auto", "org/java: no", 3))
    assert (report["ok"], report["exit_status"], report["error"]) == (False, 3, "org/java: no")
    assert (report["order"], report["tags"]) == (None, [])
