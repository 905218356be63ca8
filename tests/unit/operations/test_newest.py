"""Which version is the newest, asked of a real image layout."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.image import data_image
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.newest import newest_of, standings
from lsp_assembler.stores.daemonless.layout import OciLayout
from lsp_assembler.stores.daemonless.store import DaemonlessStore

NAME = "org/java_junit"
OLD, NEW = "896f72a", "f148b7f"
Put = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> DaemonlessStore:
    contents = OciLayout(tmp_path / "oci", "oci:oci")
    return DaemonlessStore("oci:oci", contents, contents, Limits())


@pytest.fixture
def put(store: DaemonlessStore) -> Put:
    """Publishes an image of a commit and a day of November 2026 under some tags."""

    def publish(commit: str, day: int, *tags: str, name: str = NAME, says: bool = True) -> None:
        tree = Tree.of({"start_point/manifest.json": File(commit.encode())})
        labels = {"org.opencontainers.image.created": f"2026-11-{day:02}T10:00:00Z"}
        if says:
            labels |= {
                "org.opencontainers.image.revision": commit * 5 + "00000",
                "org.opencontainers.image.version": commit,
                "org.opencontainers.image.title": f"Java {day}",
            }
        store.publish(data_image(tree, labels), [Reference.parse(name).with_tag(tag) for tag in tags])

    return publish


def newest(store: DaemonlessStore, tag: str) -> str | None:
    found = newest_of(store, Reference.parse(f"{NAME}:{tag}"), 4)
    return found.tag if found else None


@pytest.mark.parametrize("says", [True, False], ids=["says its commit", "says no commit"])
@pytest.mark.parametrize("day", [20, 21], ids=["of one date", "later"])
def test_of_commits_the_newest_is_what_lsp_stands_for(
    store: DaemonlessStore,
    put: Put,
    day: int,
    says: bool,  # noqa: FBT001  # a table
) -> None:
    put("ffffff0", 19, "LSP-ffffff0")
    put(OLD, 20, f"LSP-{OLD}")
    put(NEW, day, f"LSP-{NEW}", "LSP", says=says)
    put("fffffff", 20, "LSP-fffffff")
    assert [newest(store, f"LSP-{tag}") for tag in ("ffffff0", OLD, NEW)] == [
        f"LSP-{NEW}",
        f"LSP-{NEW}",
        None,
    ]
    assert newest(store, "LSP") == f"LSP-{NEW}"
    assert newest(store, "LSP-0000000") == f"LSP-{NEW}", "its image was removed"


def test_what_lsp_stands_for_is_not_followed_to_an_older_image(store: DaemonlessStore, put: Put) -> None:
    put(OLD, 20, f"LSP-{OLD}", "LSP")
    put(NEW, 21, f"LSP-{NEW}")
    assert newest(store, f"LSP-{NEW}") is None


def test_dates_decide_where_lsp_stands_for_none_of_the_tags(store: DaemonlessStore, put: Put) -> None:
    put("0000000", 25, "LSP")
    put(NEW, 21, f"LSP-{NEW}")
    put(OLD, 20, f"LSP-{OLD}")
    put("fffffff", 21, "LSP-fffffff")
    assert newest(store, f"LSP-{OLD}") == "LSP-fffffff"
    assert newest(store, f"LSP-{NEW}") is None, "that of the same date is not newer"


def test_one_image_with_two_tags_is_not_newer_than_itself(store: DaemonlessStore, put: Put) -> None:
    put(NEW, 21, f"LSP-{NEW}", "LSP-3.7.5", "LSP")
    assert newest(store, f"LSP-{NEW}") is None
    assert newest(store, "LSP-3.7.5") is None


def test_versions_are_compared_by_number_whatever_lsp_stands_for(store: DaemonlessStore, put: Put) -> None:
    put("3.7.4", 21, "LSP-3.7.4", "LSP")
    put("3.10.0", 20, "LSP-3.10.0")
    assert newest(store, "LSP-3.7.4") == "LSP-3.10.0"


def test_how_the_entries_of_a_list_stand(store: DaemonlessStore, put: Put) -> None:
    put(OLD, 20, f"LSP-{OLD}")
    put("fffffff", 19, "LSP-fffffff")
    put(NEW, 21, f"LSP-{NEW}", "LSP")
    for version in ("3.7.4", "3.7.5"):
        put(version, 20, f"LSP-{version}", name="org/python")
    put("1", 20, "LSP-1", "LSP", name="org/ruby")
    put("1", 20, "1", name="org/perl")
    names = [
        f"{NAME}:LSP-{OLD}",
        "org/python:LSP-3.7.5",
        f"{NAME}:LSP-fffffff",
        "org/python:LSP-3.7.4",
        "org/ruby",
        "org/ruby:LSP-1",
        f"org/elm:LSP@sha256:{'0' * 64}",
        "org/elm",
        "org/go:LSP-1",
        "org/perl:1",
    ]
    images = [Source(index, name, index + 1) for index, name in enumerate(names)]
    found = standings(store, images, None)
    assert [each.entry for each in found] == images
    assert [(each.state, each.version and each.version.tag) for each in found] == [
        ("newer", f"LSP-{NEW}"),
        ("newest", None),
        ("older", None),  # by its date, though its commit is the last in the alphabet
        ("older", None),
        ("moving", None),
        ("older", None),
        ("digest", None),
        ("moving", None),
        ("failed", None),
        ("failed", None),
    ]
    assert [str(each.error).partition("\n")[0] for each in found[-2:]] == [
        "org/go: oci:oci has no image of this name",
        "org/perl: no immutable tag LSP-TAG in oci:oci",
    ]


def test_a_newest_version_that_is_listed_leaves_the_older_ones_alone(
    store: DaemonlessStore, put: Put
) -> None:
    put(OLD, 20, f"LSP-{OLD}")
    put(NEW, 20, f"LSP-{NEW}", "LSP")
    images = [Source(index, f"{NAME}:LSP-{tag}", index + 1) for index, tag in enumerate((OLD, NEW))]
    assert [each.state for each in standings(store, images, 1)] == ["older", "newest"]
