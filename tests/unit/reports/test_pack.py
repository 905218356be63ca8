"""What `pack` says where images were refused."""

from lsp_assembler.operations.pack import PackResult
from lsp_assembler.operations.push_packs import Refusal
from lsp_assembler.reports.pack import text

DIRTY = "no commit holds this content, so it must not go there\n  Commit it."


def refused(*names: str) -> tuple[Refusal, ...]:
    return tuple(Refusal(i, "refused", f"{name}: {DIRTY}", name) for i, name in enumerate(names))


def test_one_reason_is_told_once() -> None:
    other = Refusal(None, "refused", "org/x: a and c are both packed under this name\n  Rename it.")
    assert text(PackResult(5, refusals=(*refused("a", "b", "c", "d", "e"), other)), None) == (
        "error: a, b, c and 2 more: no commit holds this content, so it must not go there. Commit it.\n"
        "error: org/x: a and c are both packed under this name. Rename it.\n"
        "No start points, but nothing was published. Fix the 2 errors above and run it again.\n"
    )


def test_a_single_refusal_is_told_as_it_is() -> None:
    assert text(PackResult(5, refusals=refused("./java")), 80) == (
        "  error    ./java: no commit holds this content, so it must not go there\n"
        "           Commit it.\n"
        "\n"
        "No start points, but nothing was published. Fix the error above and run it\n"
        "again.\n"
    )
