"""What an LTF checkout must be like before it is packed: each rule broken, and kept."""

import json

import pytest

from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.rules import checkout as source_rules
from lsp_assembler.rules.checkout import MANIFEST, RULES, Checkout
from tests import ROOT

LANGUAGES, CUSTOM, EXERCISES = StartPointType.LANGUAGES, StartPointType.CUSTOM, StartPointType.EXERCISES
PAGE = (ROOT / "docs/packing.md").read_text("utf-8")


def checkout(image_name: str | None = None, docker_name: str = "", path: str = MANIFEST) -> Checkout:
    body = {"display_name": "Java"} | ({"image_name": image_name} if image_name else {})
    tree = Tree.of({path: File(json.dumps(body, indent=2).encode())})
    return Checkout(tree, Reference.parse(docker_name) if docker_name else None)


def found(type_: StartPointType, subject: Checkout) -> list[tuple[str, str, str | None, int | None]]:
    findings = source_rules.check(type_, [(3, subject)])
    assert all(finding.index == 3 and finding.code is None for finding in findings)
    return [(each.rule, each.severity, each.manifest, each.manifest_line) for each in findings]


@pytest.mark.parametrize("type_", [LANGUAGES, CUSTOM])
@pytest.mark.parametrize(
    "name", ["org/java", "org/java:4edf92a", "org/java:latest", f"org/java@sha256:{'0a' * 32}"]
)
def test_an_image_name_with_or_without_a_tag_is_fine(type_: StartPointType, name: str) -> None:
    assert found(type_, checkout(name)) == []


def test_a_language_may_leave_its_image_name_to_docker() -> None:
    assert found(LANGUAGES, checkout(None, "org/java")) == []


def test_the_two_names_of_a_language_should_agree() -> None:
    assert found(LANGUAGES, checkout("org/java:4edf92a", "docker.io/org/java")) == []
    assert found(LANGUAGES, checkout("org/jav:4edf92a", "org/java")) == [
        ("image-name-agrees", "warning", MANIFEST, 3)
    ]
    assert found(CUSTOM, checkout("org/other:1", "org/java")) == []


@pytest.mark.parametrize("tag", ["LSP", "LSP-4edf92a"])
def test_a_language_image_is_no_lsp_image(tag: str) -> None:
    assert found(LANGUAGES, checkout(f"org/java:{tag}")) == [("image-name-not-lsp", "error", MANIFEST, 3)]
    assert found(LANGUAGES, checkout("org/java:lsp")) == []
    assert found(CUSTOM, checkout("org/java:LSPX")) == []


def test_exercises_are_named_by_docker() -> None:
    assert found(EXERCISES, checkout()) == [("lsp-name", "error", None, None)]
    assert found(EXERCISES, checkout(None, "org/exercises")) == []


@pytest.mark.parametrize("type_", [LANGUAGES, CUSTOM])
def test_what_the_rules_of_the_result_say_is_not_said_twice(type_: StartPointType) -> None:
    assert found(type_, checkout()) == []
    assert found(type_, checkout("Not/A/Name")) == []
    assert found(type_, Checkout(Tree.of({MANIFEST: File(b"{,}")}), None)) == []
    assert found(type_, Checkout(Tree.of({}), None)) == []


def test_a_manifest_outside_of_the_folder() -> None:
    outside = checkout("org/java", "org/java", path="manifest.json")
    for type_ in (LANGUAGES, CUSTOM, EXERCISES):
        assert found(type_, outside) == [("start-point-folder", "error", None, None)]


def test_a_language_has_its_manifest_on_top() -> None:
    below = checkout("org/java", "org/java", path="start_point/java/manifest.json")
    assert found(LANGUAGES, below) == [("languages-manifest", "error", None, None)]
    assert found(CUSTOM, below) == found(EXERCISES, below) == []


def test_findings_come_in_index_order() -> None:
    pairs = [(1, checkout()), (2, checkout(None, "org/a")), (5, checkout())]
    assert [finding.index for finding in source_rules.check(EXERCISES, pairs)] == [1, 5]


def test_every_rule_is_documented_with_its_severity() -> None:
    for rule, severity in RULES:
        assert f"| `{rule.id}` | {severity} |" in PAGE
        assert rule.doc.endswith(".")
