"""Whole collections of start points, and every finding they give, word for word.

tests/cases/rules/NAME/ holds type.txt, the index dirs below input/, and expected.txt with a line for each
finding: severity, rule, code, index, manifest:line, message.
"""

from pathlib import Path

import pytest

from lsp_assembler.model.finding import Finding
from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.rules import check
from tests import ROOT

_CASES = sorted(path.parent for path in (ROOT / "tests/cases/rules").glob("*/type.txt"))


def _read(folder: Path) -> StartPoint:
    files = {
        path.relative_to(folder).as_posix(): File(path.read_bytes(), bool(path.stat().st_mode & 0o111))
        for path in folder.rglob("*")
        if path.is_file()
    }
    return StartPoint("sha256:0", Tree.of(files))


def _shown(finding: Finding) -> str:
    place = f"{finding.manifest or '-'}:{finding.manifest_line or '-'}"
    code = finding.code or "-"
    return f"{finding.severity} {finding.rule} {code} {finding.index} {place} {finding.message}\n"


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_findings_are_these(case: Path) -> None:
    kind = StartPointType((case / "type.txt").read_text().strip())
    folders = sorted((case / "input").iterdir(), key=lambda folder: int(folder.name))
    findings = check(kind, [(int(folder.name), _read(folder)) for folder in folders])
    assert "".join(map(_shown, findings)) == (case / "expected.txt").read_text(encoding="utf-8")
