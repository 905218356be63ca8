"""`report --html` and `serve` on a machine without Jinja."""

import subprocess
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


def test_no_other_command_needs_what_comes_with_an_extra() -> None:
    extras = "cyclonedx", "httptools", "jinja2", "packageurl", "prometheus_client", "uvloop", "watchfiles"
    program = f"""
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({extras}))
for room in ("cli", "reports"):
    for module in pkgutil.iter_modules(importlib.import_module(f"lsp_assembler.{{room}}").__path__):
        if module.name not in ("html", "reporter"):  # the pages, and the process of `serve` that makes them
            importlib.import_module(f"lsp_assembler.{{room}}.{{module.name}}")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
