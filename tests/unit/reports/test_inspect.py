"""What `inspect` shows to people."""

from msgspec.structs import replace

from lsp_assembler.operations.inspect import InspectResult
from lsp_assembler.operations.inspection import Served
from lsp_assembler.reports.inspect import images, text, verified
from lsp_assembler.reports.wording import ABSENT

SHA = "4edf92a8c7d6e5f40312233445566778899aabbc"
GIT = "https://github.com/acme"
FOUND = InspectResult(
    "acme/lsp:1",
    (
        Served("Elm 0.19, elm-test", "acme/elm_test:4edf92a", SHA, f"{GIT}/elm-test", 12),
        Served("Zig\x1b, test", "acme/elm_test:4edf92a", f"sha256:{SHA}", "acme/zig:LSP", 5),
    ),
    has_images=True,
)


def test_a_line_for_each() -> None:
    assert text(FOUND, 120, color=False).splitlines() == [
        "display name        language image         commit   files  from",
        "─" * 83,
        "Elm 0.19, elm-test  acme/elm_test:4edf92a  4edf92a     12  github.com/acme/elm-test",
        rf"Zig\x1b, test       acme/elm_test:4edf92a  {ABSENT}            5  acme/zig:LSP",
        "",
        "acme/lsp:1: 2 start points",
    ]


def test_a_program_gets_whole_names_and_tabs() -> None:
    assert text(FOUND, None, color=False).splitlines()[:2] == [
        "display name\tlanguage image\tcommit\tfiles\tfrom",
        "Elm 0.19, elm-test\tacme/elm_test:4edf92a\t4edf92a\t12\tgithub.com/acme/elm-test",
    ]


def test_nothing_is_wider_than_the_terminal() -> None:
    assert max(map(len, text(FOUND, 40, color=False).splitlines())) <= 40


def test_exercises_have_no_language_images() -> None:
    found = InspectResult("a/b:1", (Served("FizzBuzz", None, SHA, f"{GIT}/x", 2),), has_images=False)
    assert text(found, 120, color=False).splitlines()[0].split() == [
        "display",
        "name",
        "commit",
        "files",
        "from",
    ]
    assert (images(found, json=False), images(found, json=True)) == ("", "[]\n")


def test_an_image_without_start_points() -> None:
    assert text(InspectResult("a/b:1", (), has_images=True), 80, color=False) == "a/b:1: 0 start points\n"


def test_what_verifying_came_to() -> None:
    assert verified(FOUND) == "the language image exists"
    bad = replace(FOUND, problems=("acme/elm_test:4edf92a: its registry has no such image; publish it",))
    assert verified(bad) == "1 of 1 language image is missing or cannot be verified"


def test_language_images_each_once() -> None:
    assert images(FOUND, json=False) == "acme/elm_test:4edf92a\n"
