"""What `update` says, word for word; the rest is in tests/cases/update."""

from pathlib import Path

import pytest

from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import Version
from lsp_assembler.operations.newest import Standing
from lsp_assembler.operations.update import UpdateRequest, UpdateResult
from lsp_assembler.reports.update import text

ENTRY = Source(0, "a/elm_test:LSP-896f72a", 3)
NEW = Version("LSP-f148b7f", "2026-11-21T03:34:00Z", title="Elm 0.19\x1b[2J\n::error::x, elm-test")


@pytest.mark.parametrize(
    ("keep", "said"), [(False, "LSP-896f72a -> LSP-f148b7f"), (True, "LSP-896f72a kept, LSP-f148b7f added")]
)
def test_says_what_the_new_image_is_and_of_when(keep: bool, said: str) -> None:  # noqa: FBT001  # a table
    request = UpdateRequest(names=("elm_test",), keep=keep)
    standings = (Standing(ENTRY, "newer", NEW),)
    done = UpdateResult(request, Path("images.yml"), standings, True, "the registry", False)  # noqa: FBT003
    assert text(done) == (
        "place\timage\twhat\n"
        f"images.yml:3\ta/elm_test\t{said}  Elm 0.19\\x1b[2J\\n::error::x, elm-test  (2026-11-21)\n"
    )
