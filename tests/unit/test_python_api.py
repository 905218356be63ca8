"""The Python API: its page is true, and using it brings in nothing that draws or parses."""

import os
import re
import subprocess
import sys

import pytest

import lsp_assembler
from tests import ROOT

PAGE = (ROOT / "docs/python.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(script: str) -> str:
    """What a script prints, run in the project's folder as a user would."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") >= 5


@pytest.mark.parametrize(("script", "printed"), EXAMPLES)
def test_examples_print_what_the_page_says(script: str, printed: str) -> None:
    assert run(script) == printed


def test_everything_offered_is_there_and_on_the_page() -> None:
    for name in lsp_assembler.__all__:
        assert getattr(lsp_assembler, name).__doc__, name
        assert re.search(rf"\b{name}\b", PAGE), name


def test_what_is_not_offered_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'chekc'"):
        lsp_assembler.chekc  # noqa: B018


def test_neither_typer_nor_rich_is_imported() -> None:
    script = (
        "import sys, lsp_assembler\n"
        "for name in lsp_assembler.__all__: getattr(lsp_assembler, name)\n"
        "lsp_assembler.check(lsp_assembler.CheckRequest(sources=['examples/c-assert']))\n"
        "print(sorted({'typer', 'rich', 'click'} & set(sys.modules)))\n"
    )
    assert run(script) == "[]\n"
