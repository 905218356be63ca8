"""`report --html` and `serve` on a machine without Jinja."""

import sys

import pytest

from lsp_assembler.cli.extras import require_serve
from lsp_assembler.errors import InvalidInputError


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InvalidInputError, match="the Python package jinja2 is not installed") as caught:
        require_serve("--html", ["msgspec", "jinja2"])
    assert caught.value.message.startswith("--html: ")
    assert "'[serve]' after its name or folder" in caught.value.remedy
