"""The names in the manifests of a tree that may hold anything."""

import json

import pytest

from lsp_assembler.model.summary import Summary, summaries
from lsp_assembler.model.tree import File, Tree


def tree(**manifests: str | bytes) -> Tree:
    """Each manifest.json in a folder of its own."""
    files = {
        f"{folder}/manifest.json": File(content.encode() if isinstance(content, str) else content)
        for folder, content in manifests.items()
    }
    return Tree.of(files)


def test_every_manifest_by_path() -> None:
    found = summaries(tree(b='{"display_name": "B", "image_name": "org/b"}', a='{"display_name": "A"}'))
    assert found == (Summary("a/manifest.json", "A", None), Summary("b/manifest.json", "B", "org/b"))


@pytest.mark.parametrize("value", [None, 5, True, ["a"], {"a": 1}])
def test_a_name_that_is_no_string_is_none(value: object) -> None:
    content = json.dumps({"display_name": value, "image_name": value})
    assert summaries(tree(a=content)) == (Summary("a/manifest.json", None, None),)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"text"', '{"a": NaN}', '{"display_name": "\\ud800"}', b'{"a": "\xe9"}', "[" * 99_999],
)
def test_what_is_no_object_has_no_summary(content: str | bytes) -> None:
    assert summaries(tree(a=content)) == ()


def test_files_of_other_names_and_hidden_folders_are_not_looked_at() -> None:
    manifest = File(b"{}")
    paths = (
        "manifest.json",
        "a/.b/manifest.json",
        ".git/manifest.json",
        "a/manifest.json.bak",
        "my-manifest.json",
    )
    assert [found.path for found in summaries(Tree.of(dict.fromkeys(paths, manifest)))] == ["manifest.json"]
