"""The values that flow through the assembler."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree, ancestors

HIKER = File(b"echo 6 * 9")
RUNNER = File(b"bash hiker.sh", executable=True)

NAMES = st.text(alphabet="ab.", min_size=1, max_size=2).filter(lambda name: name.strip("."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.builds(File, st.binary(max_size=4), st.booleans()), max_size=4)
TREES = st.builds(Tree.of, FILES, st.sets(PATHS, max_size=2)).filter(
    lambda tree: tree.directories.isdisjoint(tree.files)  # as on any disk, and in any image
)


@pytest.mark.parametrize(
    ("path", "expected"), [("a", []), ("a/b", ["a"]), ("a/b/c", ["a", "a/b"]), ("", []), ("a/", ["a"])]
)
def test_ancestors(path: str, expected: list[str]) -> None:
    assert ancestors(path) == expected


@pytest.mark.parametrize(("type_", "port"), [("languages", 4524), ("exercises", 4525), ("custom", 4526)])
def test_default_port(type_: str, port: int) -> None:
    assert StartPointType(type_).default_port == port


class TestTree:
    def test_of_adds_every_ancestor(self) -> None:
        tree = Tree.of({"a/b/c.sh": HIKER}, ["d/e"])
        assert tree.directories == {"a", "a/b", "d", "d/e"}

    def test_of_sorts_the_files(self) -> None:
        assert list(Tree.of({"b": HIKER, "a/z": HIKER, "a.sh": HIKER}).files) == ["a.sh", "a/z", "b"]

    def test_under_moves_files_and_directories_one_level_down(self) -> None:
        tree = Tree.of({"start_point/hiker.sh": HIKER}, ["empty"]).under("7")
        assert dict(tree.files) == {"7/start_point/hiker.sh": HIKER}
        assert tree.directories == {"7", "7/start_point", "7/empty"}

    def test_under_gives_an_empty_tree_its_directory(self) -> None:
        assert Tree.of({}).under("0").directories == {"0"}

    def test_under_a_longer_prefix_has_its_ancestors(self) -> None:
        assert Tree.of({}).under("app/repos").directories == {"app", "app/repos"}

    def test_joined_takes_the_last_of_each_file(self) -> None:
        tree = Tree.of({"a": HIKER, "b": HIKER}).joined(Tree.of({"b": RUNNER}), Tree.of({"c/d": HIKER}))
        assert dict(tree.files) == {"a": HIKER, "b": RUNNER, "c/d": HIKER}
        assert tree.directories == {"c"}

    def test_size(self) -> None:
        assert Tree.of({"a": HIKER, "b": RUNNER}, ["c"]).size == len(HIKER.content) + len(RUNNER.content)

    @pytest.mark.parametrize(
        "other",
        [
            Tree.of({"a": HIKER}),
            Tree.of({"a": HIKER, "c": RUNNER}),
            Tree.of({"a": HIKER, "b": File(RUNNER.content)}),
            Tree.of({"a": HIKER, "b": File(b"", executable=True)}),
            Tree.of({"a": HIKER, "b": RUNNER}, ["c"]),
            Tree.of({"a": HIKER}, ["b"]),
            Tree.of({"a": File(HIKER.content + b"x b\0"), "b": RUNNER}),
        ],
    )
    def test_different_trees_have_different_digests(self, other: Tree) -> None:
        assert other.digest != Tree.of({"a": HIKER, "b": RUNNER}).digest

    def test_the_digest_stays_from_version_to_version(self) -> None:
        empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert Tree.of({}).digest == empty
        assert Tree.of({"a": HIKER}).digest == Tree.of({"a": File(b"echo 6 * 9")}).digest

    @given(TREES, TREES)
    def test_digests_are_equal_exactly_when_trees_are(self, one: Tree, other: Tree) -> None:
        assert (one.digest == other.digest) == (one == other)

    @given(TREES)
    def test_a_tree_knows_every_directory_that_its_paths_need(self, tree: Tree) -> None:
        deeper = tree.under("0")
        paths = [*deeper.files, *deeper.directories]
        assert {parent for path in paths for parent in ancestors(path)} <= deeper.directories

    @given(TREES)
    def test_joining_a_tree_with_itself_changes_nothing(self, tree: Tree) -> None:
        assert tree.joined(tree) == tree.joined() == tree


class TestStartPoint:
    def test_labels_say_where_it_came_from(self) -> None:
        labels = {
            "org.opencontainers.image.revision": "4edf92a",
            "org.opencontainers.image.source": "https://github.com/cyber-dojo-start-points/java-junit",
            "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
        }
        start_point = StartPoint("sha256:9f86", Tree.of({}), labels)
        assert (start_point.revision, start_point.url, start_point.created) == tuple(labels.values())

    def test_manifests_are_parsed_once(self) -> None:
        tree = Tree.of({"b/manifest.json": File(b"{}"), "a/manifest.json": File(b"{")})
        start_point = StartPoint("sha256:9f86", tree)
        assert [each.path for each in start_point.all_manifests] == ["a/manifest.json", "b/manifest.json"]
        assert start_point.manifests == start_point.all_manifests[1:]
        assert start_point.manifests is start_point.manifests
        assert start_point.manifests[0] is start_point.all_manifests[1]

    @pytest.mark.parametrize("labels", [{}, {"org.opencontainers.image.revision": ""}])
    def test_what_no_label_says_is_none(self, labels: dict[str, str]) -> None:
        start_point = StartPoint("sha256:9f86", Tree.of({}), labels)
        assert (start_point.revision, start_point.url, start_point.created) == (None, None, None)
