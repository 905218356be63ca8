"""Asking whoever runs a command."""

import io
import sys

import pytest

from lsp_assembler.cli.reporting import Terminal


@pytest.mark.parametrize(
    ("typed", "agrees"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_only_a_yes_is_a_yes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    agrees: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert Terminal().agrees_to_remove(["acme/elm:1", "acme/c:1\x1b[2J"]) is agrees
    assert capsys.readouterr().err == (
        "  remove  acme/elm:1\n  remove  acme/c:1\\x1b[2J\nRemove these 2 images? [y/N]\n"
    )
