"""What GitHub Actions is told of `pack` and `outdated`, and what later steps get."""

from pathlib import Path

from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.lockfile.diff import Requested, diff
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure, Finding
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.operations.outdated import OutdatedResult
from lsp_assembler.operations.pack import PackResult
from lsp_assembler.operations.push_packs import Refusal
from lsp_assembler.reports.github import render, render_outdated, render_pack, step_outputs, stopped


def test_a_refused_pack_is_an_error() -> None:
    refused = Refusal(0, "refused", "org/java:LSP-1: it is there already\n  Commit the change.")
    lines = render_pack(PackResult(5, refusals=(refused,))).splitlines()
    assert lines == [
        "::group::Annotations",
        "::error title=lsp-assembler pack stopped::org/java:LSP-1: it is there already%0ACommit the change.",
        "::endgroup::",
        "error: org/java:LSP-1: it is there already. Commit the change.",
        "No start points, but nothing was published. Fix the error above and run it again.",
    ]


def test_differences_are_notices() -> None:
    answers = {"base": "sha256:1", "b:LSP": None, "c:LSP": FetchError("no answer", kind="timeout")}
    found = diff(None, Requested(StartPointType.LANGUAGES, "base", ("b:LSP", "c:LSP")), answers)
    lines = render_outdated(OutdatedResult(Path("images.lock"), found)).splitlines()
    assert lines[:3] == [
        "::notice title=added::base",
        "::notice title=missing::b:LSP",
        "::notice title=failed::c:LSP%0Ano answer",
    ]
    assert lines[3].startswith("images.lock: ")


def test_an_early_error_is_one_annotation() -> None:
    assert stopped("outdated", LockError("images.lock: gone", "Run 'lsp-assembler lock'.")) == (
        "::error title=lsp-assembler outdated stopped::images.lock: gone%0ARun 'lsp-assembler lock'.\n"
    )


def test_outputs_are_those_of_what_was_published() -> None:
    assert step_outputs([]) == ""
    both = [("acme/lsp:1", "sha256:9f86"), ("acme/c:LSP-1", "sha256:60b7")]
    assert step_outputs(both[:1]) == "digest=sha256:9f86\nimage=acme/lsp:1\n"
    assert step_outputs(both) == "digest=sha256:9f86 sha256:60b7\nimage=acme/lsp:1 acme/c:LSP-1\n"


def test_an_output_cannot_begin_another() -> None:
    assert step_outputs([("a\nb=c", "sha256:1\rd<<e")]) == "digest=sha256:1\\rd<<e\nimage=a\\nb=c\n"


def test_no_name_begins_a_line_of_a_message() -> None:
    source = Source(0, "a\n::error::b", is_directory=True)
    failure = Failure("not-found", str(FetchError("a\n::error::b: it is gone", kind="not-found")))
    finding = Finding("rule", None, "warning", 0, None, "it is odd")
    found = Assembly(StartPointType.LANGUAGES, (Outcome(source, 0.1, failure=failure),), (finding,), {})
    assert render(Result(found, 3)).splitlines()[1:3] == [
        r"::warning title=rule::a\n::error::b: it is odd",
        r"::error title=failed%3A not found::a\n::error::b: it is gone",
    ]
