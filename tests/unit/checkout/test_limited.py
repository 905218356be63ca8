"""What may be read of a checkout."""

from pathlib import Path

import pytest

from lsp_assembler.checkout.limited import Limited
from lsp_assembler.errors import FetchError
from lsp_assembler.oci.layers import Limits


@pytest.mark.parametrize("path", ["start_point/../evil", "..", "a//b", "./a", "a/.git/config", "/etc/passwd"])
def test_no_commit_however_made_names_a_place_outside(path: str) -> None:
    with pytest.raises(FetchError, match="is no path inside a start point") as caught:
        Limited(Path("java"), Limits()).add(path)
    assert caught.value.kind == "unsafe"
