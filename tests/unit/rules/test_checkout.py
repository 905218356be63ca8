"""What an LTF checkout must be like before it is packed: each rule broken, and kept."""

import json

import pytest

from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.rules import check_checkouts

LANGUAGES, CUSTOM, EXERCISES = StartPointType.LANGUAGES, StartPointType.CUSTOM, StartPointType.EXERCISES
Found = list[tuple[str, str, str | None, int | None]]


def tree(image_name: str | None = None, path: str = MANIFEST) -> Tree:
    body = {"display_name": "Java"} | ({"image_name": image_name} if image_name else {})
    return Tree.of({path: File(json.dumps(body, indent=2).encode())})


def checkout(type_: StartPointType, written: Tree, docker_name: str = "") -> Checkout:
    return Checkout(type_, written, Reference.parse(docker_name) if docker_name else None)


def found(type_: StartPointType, written: Tree, docker_name: str = "") -> Found:
    findings = check_checkouts([(3, checkout(type_, written, docker_name))])
    assert all(finding.index == 3 and finding.code is None for finding in findings)
    return [(each.rule, each.severity, each.manifest, each.manifest_line) for each in findings]


@pytest.mark.parametrize("type_", [LANGUAGES, CUSTOM])
@pytest.mark.parametrize(
    "name", ["org/java", "org/java:4edf92a", "org/java:latest", f"org/java@sha256:{'0a' * 32}"]
)
def test_an_image_name_with_or_without_a_tag_is_fine(type_: StartPointType, name: str) -> None:
    assert found(type_, tree(name)) == []


def test_a_language_may_leave_its_image_name_to_docker() -> None:
    assert found(LANGUAGES, tree(), "org/java") == []


def test_the_two_names_of_a_language_should_agree() -> None:
    assert found(LANGUAGES, tree("org/java:4edf92a"), "docker.io/org/java") == []
    assert found(LANGUAGES, tree("org/jav:4edf92a"), "org/java") == [
        ("image-name-agrees", "warning", MANIFEST, 3)
    ]
    assert found(CUSTOM, tree("org/other:1"), "org/java") == []


@pytest.mark.parametrize("tag", ["LSP", "LSP-4edf92a"])
def test_a_language_image_is_no_lsp_image(tag: str) -> None:
    assert found(LANGUAGES, tree(f"org/java:{tag}")) == [("image-name-not-lsp", "error", MANIFEST, 3)]
    assert found(LANGUAGES, tree("org/java:lsp")) == []
    assert found(CUSTOM, tree("org/java:LSPX")) == []


def test_nor_does_docker_name_one() -> None:
    for name in ("org/java:LSP", "org/java:LSP-4edf92a"):
        assert found(LANGUAGES, tree(), name) == [("image-name-not-lsp", "error", None, None)]
    assert found(LANGUAGES, tree(), "org/java:4edf92a") == found(EXERCISES, tree(), "org/java:LSP") == []


def test_what_git_does_not_know_is_told_of() -> None:
    subject = Checkout(LANGUAGES, tree("org/java"), None, ("start_point/new.sh",))
    (finding,) = check_checkouts([(0, subject)])
    assert (finding.rule, finding.severity) == ("uncommitted-file", "warning")
    assert finding.message == '"start_point/new.sh" is not committed, so CI will not see it; git add it'


def test_exercises_are_named_by_docker() -> None:
    assert found(EXERCISES, tree()) == [("lsp-name", "error", None, None)]
    assert found(EXERCISES, tree(), "org/exercises") == []


@pytest.mark.parametrize("type_", [LANGUAGES, CUSTOM])
def test_what_the_rules_of_the_result_say_is_not_said_twice(type_: StartPointType) -> None:
    assert found(type_, tree()) == []
    assert found(type_, tree("Not/A/Name")) == []
    assert found(type_, Tree.of({MANIFEST: File(b"{,}")})) == []
    assert found(type_, Tree.of({})) == []


def test_a_manifest_outside_of_the_folder() -> None:
    outside = tree("org/java", "manifest.json")
    for type_ in (LANGUAGES, CUSTOM, EXERCISES):
        assert found(type_, outside, "org/java") == [("start-point-folder", "error", None, None)]


def test_a_language_has_its_manifest_on_top() -> None:
    below = tree("org/java", "start_point/java/manifest.json")
    assert found(LANGUAGES, below, "org/java") == [("languages-manifest", "error", None, None)]
    assert found(CUSTOM, below, "org/java") == found(EXERCISES, below, "org/java") == []


def test_findings_come_in_index_order() -> None:
    pairs = [(index, checkout(EXERCISES, tree(), name)) for index, name in ((1, ""), (2, "org/a"), (5, ""))]
    assert [finding.index for finding in check_checkouts(pairs)] == [1, 5]
