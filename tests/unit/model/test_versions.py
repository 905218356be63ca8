"""Versions of one image: which tags never move, and which is newer."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.versions import (
    Version,
    is_commit,
    is_immutable,
    is_lsp,
    lsp_tag,
    newer,
    newest_first,
    order_of,
    version_key,
)

OLDEST_FIRST = [
    ("LSP-3.7.4-18", "LSP-3.7.5-1", "LSP-3.10.0-1"),
    ("LSP-3.7.4-2", "LSP-3.7.4-18", "LSP-3.7.4-100"),
    ("LSP-3.7", "LSP-3.7.0", "LSP-3.7.1"),
    ("LSP-3.7.4", "LSP-3.7.4-1", "LSP-3.7.4.1"),
    ("LSP-3.13.0a1", "LSP-3.13.0-a2", "LSP-3.13.0b1", "LSP-3.13.0-rc1", "LSP-3.13.0-rc.2", "LSP-3.13.0"),
    ("LSP-1.0-alpha", "LSP-1.0-beta", "LSP-1.0", "LSP-1.0-7"),
    ("LSP-1.1.1", "LSP-1.1.1a", "LSP-1.1.1w", "LSP-1.1.1.1"),
    ("LSP-v9", "LSP-10", "LSP-v11"),
    ("LSP-2024-02-03", "LSP-2024-10-01"),
    ("LSP-1.0-preview2", "LSP-1.0", "LSP-1.0-prefix"),
]


@pytest.mark.parametrize("tags", OLDEST_FIRST, ids=lambda tags: tags[0])
def test_the_order_of_versions(tags: tuple[str, ...]) -> None:
    for before, after in itertools.pairwise(tags):
        assert version_key(before) < version_key(after), (before, after)
    given_in_any_order = [Version(tag) for tag in sorted(tags)]
    assert [version.tag for version in newest_first(given_in_any_order)] == [*reversed(tags)]


@given(st.lists(st.from_regex(r"\ALSP-[A-Za-z0-9_.-]{1,124}\Z"), max_size=6))
def test_any_tags_have_one_order(tags: list[str]) -> None:
    found = newest_first(Version(tag) for tag in tags)
    assert found == newest_first(Version(tag) for tag in reversed(tags))
    assert sorted(version.tag for version in found) == sorted(tags)


@pytest.mark.parametrize(
    ("tag", "lsp", "immutable", "commit"),
    [
        ("LSP", True, False, False),
        ("LSP-3.7.4-18", True, True, False),
        ("LSP-9f53889", True, True, True),
        ("LSP-", False, False, False),
        ("LSPX", False, False, False),
        ("latest", False, False, False),
        ("9f53889", False, False, True),
        ("LSP-9f538891", True, True, False),
        ("LSP-9F53889", True, True, False),
    ],
)
def test_what_a_tag_is(tag: str, lsp: bool, immutable: bool, commit: bool) -> None:  # noqa: FBT001  # a table
    assert (is_lsp(tag), is_immutable(tag), is_commit(tag)) == (lsp, immutable, commit)


@pytest.mark.parametrize(
    ("name", "tag"),
    [("3.7.4-18", "LSP-3.7.4-18"), ("LSP-3.7", "LSP-3.7"), ("LSP", "LSP"), ("9f53889", "LSP-9f53889")],
)
def test_the_lsp_tag_of_a_version(name: str, tag: str) -> None:
    assert lsp_tag(name) == tag


def test_commits_have_no_order_so_dates_decide() -> None:
    old = Version("LSP-fffffff", "2026-01-02T00:00:00Z")
    new = Version("LSP-0000000", "2026-01-01T23:30:00-02:00")
    undated = [Version("LSP-3.7"), Version("LSP-3.10"), Version("LSP-9999999", "yesterday")]
    assert order_of(["LSP-3.7", "LSP-9999999"]) == "created"
    assert order_of(["LSP-3.7", "LSP-3.10"]) == "version"
    found = newest_first([old, *undated, new])
    assert found[:2] == (new, old)
    assert {version.tag for version in found[2:]} == {version.tag for version in undated}
    assert [version.tag for version in found if version.tag.startswith("LSP-3")] == ["LSP-3.10", "LSP-3.7"]


def test_versions_that_are_equal_go_by_date() -> None:
    first = Version("LSP-3.07", "2026-01-01T00:00:00Z")
    second = Version("LSP-3.7", "2025-01-01T00:00:00Z")
    assert newest_first([second, first]) == (first, second)


def test_the_moving_tag_is_first_and_other_tags_are_last() -> None:
    tags = ["latest", "LSP-1", "9f53889", "LSP", "LSP-2"]
    found = [version.tag for version in newest_first(Version(tag) for tag in tags)]
    assert found[:3] == ["LSP", "LSP-2", "LSP-1"]
    assert [version.moves for version in newest_first([Version("LSP"), Version("LSP-1")])] == [True, False]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("LSP", "LSP-3.10"),
        ("latest", "LSP-3.10"),
        ("LSP-3.9", "LSP-3.10"),
        ("LSP-3.10", None),
        ("LSP-3.11", None),  # its image was removed: going back is not going on
        ("LSP-v3.10", None),
        ("LSP-9f53889", "LSP-3.10"),
    ],
)
def test_what_is_newer(current: str, expected: str | None) -> None:
    found = newer(current, [Version(tag) for tag in ("LSP", "LSP-3.9", "LSP-3.10", "other")])
    assert (found and found.tag) == expected


def test_nothing_is_newer_where_there_is_nothing() -> None:
    assert newer("LSP", [Version("LSP"), Version("latest")]) is None


def test_what_is_newer_by_date() -> None:
    found = [Version("LSP-aaaaaaa", "2026-01-01T00:00:00Z"), Version("LSP-bbbbbbb", "2025-01-01T00:00:00Z")]
    assert newer("LSP-bbbbbbb", found) == found[0]
    assert newer("LSP-aaaaaaa", found) is None
