"""What `prepull` says."""

from typing import Any

from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.observer import Pending
from lsp_assembler.operations.prepull import PrepullResult, PulledImage
from lsp_assembler.operations.superseded import Old
from lsp_assembler.reports.pending import announced
from lsp_assembler.reports.prepull import text

ELM, C, JAVA = (Reference.parse(name) for name in ("acme/elm:1", "acme/c:1", "acme/java:1"))
PENDING = Pending(("acme/elm:1", "acme/c:1"), 3, 1_234_000_000, 0, "/var/lib/docker", 51_200_000_000)
NO_LOGIN = FetchError("acme/c:1: denied\x1b[2J", "Log in.", kind="unauthorized")


def result(*images: PulledImage, **changes: Any) -> PrepullResult:
    made = PrepullResult(images, (), "unix:///s", "linux/amd64", PENDING, None, 4.2, dry_run=False)
    return replace(made, **changes)


def test_all_is_well() -> None:
    done = result(PulledImage(ELM, "pulled", 9), PulledImage(JAVA, "there", 0))
    assert text(done) == "All 2 language images are there (1 pulled), in 4.2 s\n"
    assert done.exit_status == 0


def test_failures_have_their_reasons_and_remedies() -> None:
    done = result(
        PulledImage(ELM, "pulled", 9),
        PulledImage(C, "failed", None, NO_LOGIN),
        unread=("acme/ruby:LSP: no such image\n  Check the name.",),
    )
    assert text(done) == (
        "  failed    acme/c:1\n"
        "            denied\\x1b[2J\n"
        "            Log in.\n"
        "  not read  acme/ruby:LSP: no such image\n"
        "\n"
        "1 of 2 language images are there (1 pulled); 1 could not be pulled and 1 start point could not be "
        "read. Fix what is named above and run it again.\n"
    )
    assert done.exit_status == 3


def test_a_terminal_gets_lines_that_are_broken_between_words() -> None:
    remedy = "Check the name and its tag; if it is right, publish the image first."
    done = result(PulledImage(C, "failed", None, FetchError("acme/c:1: denied", remedy, kind="not-found")))
    assert text(done, 60).splitlines()[2:4] == [
        "            Check the name and its tag; if it is right,",
        "            publish the image first.",
    ]


def test_a_dry_run() -> None:
    old = (Old("acme/elm:0"), Old("acme/c:0", "a container uses it"))
    done = result(
        PulledImage(ELM, "missing", 1_234_000_000),
        PulledImage(C, "missing", None, NO_LOGIN),
        PulledImage(JAVA, "there", 0),
        dry_run=True,
        old=old,
    )
    assert text(done) == (
        "  pull        1.2 GB  acme/elm:1\n"
        "  pull             ?  acme/c:1\n"
        "            denied\\x1b[2J\n"
        "            Log in.\n"
        "  remove    acme/elm:0\n"
        "  kept      acme/c:0: a container uses it\n"
        "\n"
        "2 of 3 language images to pull, 1.2 GB; 51.2 GB are free in /var/lib/docker; 1 old image to remove; "
        "1 could not be asked about. This was a dry run: nothing was changed.\n"
    )


def test_nothing_to_do() -> None:
    nothing = replace(PENDING, images=(), of=0, bytes=0)
    assert (
        text(result(pending=nothing)) == "No start point names a language image: nothing is there, in 4.2 s\n"
    )


def test_what_is_known_of_size_and_room_is_said() -> None:
    subject = "2 of 3 language images to pull"
    assert announced(replace(PENDING, free=None)) == (
        f"{subject}, 1.2 GB; how much is free in /var/lib/docker on the engine's machine is not known"
    )
    assert announced(replace(PENDING, free=2_000_000_000)).endswith(
        "2.0 GB are free in /var/lib/docker, which may be too little: unpacked, images take two to three "
        "times as much"
    )
    assert announced(replace(PENDING, unknown=1)).startswith(f"{subject}, 1.2 GB and 1 of unknown size; ")
    assert announced(replace(PENDING, unknown=2, bytes=0, folder="", free=None)) == (
        f"{subject}, of unknown size; how much is free on the engine's machine is not known"
    )
