"""docs/json.md and the real output name the same fields, and its example is a real report."""

import json as stdlib_json
import re
from typing import Any

import pytest

from lsp_assembler.reports import json
from tests import ROOT
from tests.unit.reports.results import RESULTS

DOCS = ROOT / "docs" / "json.md"


def fields(value: Any, path: str = "") -> set[str]:
    """Every path in a JSON value, spelled as the docs spell it: "start_points[].manifests[].path"."""
    if isinstance(value, dict):
        return {
            name
            for key, inner in value.items()
            for name in {f"{path}.{key}".lstrip("."), *fields(inner, f"{path}.{key}".lstrip("."))}
        }
    if isinstance(value, list):
        return {name for inner in value for name in fields(inner, f"{path}[]")}
    return set()


def test_docs_and_output_name_the_same_fields() -> None:
    documented = re.findall(r"^\| `([^`]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    written = {name for result in RESULTS.values() for name in fields(stdlib_json.loads(json.render(result)))}
    assert len(documented) == len(set(documented))
    assert set(documented) == written


def test_the_example_in_the_docs_is_a_real_report() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example == json.render(RESULTS["warning"])


@pytest.mark.parametrize("name", RESULTS)
def test_is_utf_8_and_keeps_what_strangers_wrote(name: str) -> None:
    result = RESULTS[name]
    report = stdlib_json.loads(json.render(result).encode("utf-8"))
    assert [finding["message"] for finding in report["findings"]] == [
        finding.message for finding in result.assembly.findings
    ]
    assert report["ok"] is (result.exit_status == 0)
