"""A path is one thing only, and whatever its name, a tree can be told from another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.tree import File, Tree, ancestors

FILE = File(b"echo")
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


def test_a_file_is_kept_and_what_would_be_below_it_is_not() -> None:
    tree = Tree.of({"a": FILE, "a/b": FILE, "c": FILE}, ["a", "a/d", "e"])
    assert dict(tree.files) == {"a": FILE, "c": FILE}
    assert tree.directories == {"e"}


def test_a_file_takes_the_place_of_a_joined_directory() -> None:
    joined = Tree.of({"a/b": FILE, "c": FILE}).joined(Tree.of({"a": FILE}))
    assert joined == Tree.of({"a": FILE, "c": FILE})


@given(st.sets(PATHS), st.sets(PATHS))
def test_a_path_is_one_thing_only(files: set[str], directories: set[str]) -> None:
    tree = Tree.of(dict.fromkeys(files, FILE), directories)
    kinds = (set(tree.files), set(tree.directories))
    assert sum(map(len, kinds)) == len(set[str]().union(*kinds))
    assert all(parent in tree.directories for kind in kinds for path in kind for parent in ancestors(path))
    assert Tree.of(tree.files, tree.directories) == tree


def test_a_directory_is_told_from_nothing() -> None:
    assert Tree.of({}, ["a"]).digest != Tree.of({}).digest


@pytest.mark.parametrize("name", ["\ud800", "caf\udce9", "new\nline", "0\0", "🏠"])
def test_odd_names_have_digests(name: str) -> None:
    assert Tree.of({name: FILE}).digest != Tree.of({f"{name}x": FILE}).digest
    assert name in Tree.of({name: FILE}).under("0").below("0").files
