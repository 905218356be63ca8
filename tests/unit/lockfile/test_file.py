"""images.lock: what is in it, what a bad one is told, and what counts as stale or contradicted."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.errors import FetchError, LockError, PublishError
from lsp_assembler.lockfile.diff import LockDiff, Requested, contradictions, diff, staleness
from lsp_assembler.lockfile.file import Lock, LockedBase, LockedImage, load, lock_of, parse, render, save
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from tests import ROOT

CASES = sorted((ROOT / "tests/cases" / "lock").iterdir())
ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")
JAVA, PYTHON = "cyberdojofoundation/java_junit:LSP", "cyberdojofoundation/python_unittest:LSP-3.7"
BASE = "cyberdojo/start-points-base:df28e04"
LOCK = Lock(
    StartPointType.LANGUAGES,
    LockedBase(BASE, THREE, {"linux/amd64": ONE, "linux/arm64": TWO}),
    (
        LockedImage(
            0,
            JAVA,
            ONE,
            "2026-11-21T03:34:00Z",
            "4edf92a8c7d6e5f40312233445566778899aabbc",
            "https://github.com/cyber-dojo-start-points/java-junit",
            ("Java 21, JUnit 5",),
            ("cyberdojofoundation/java_junit:4edf92a",),
        ),
        LockedImage(1, PYTHON, TWO),
    ),
)
REQUESTED = Requested(StartPointType.LANGUAGES, BASE, (JAVA, PYTHON))

RENDERED = f"""\
{{
  "schema": 1,
  "type": "languages",
  "base": {{
    "name": "{BASE}",
    "digest": "{THREE}",
    "platforms": {{
      "linux/amd64": "{ONE}",
      "linux/arm64": "{TWO}"
    }}
  }},
  "images": [
    {{
      "index": 0,
      "name": "{JAVA}",
      "digest": "{ONE}",
      "created": "2026-11-21T03:34:00Z",
      "revision": "4edf92a8c7d6e5f40312233445566778899aabbc",
      "source": "https://github.com/cyber-dojo-start-points/java-junit",
      "display_names": [
        "Java 21, JUnit 5"
      ],
      "image_names": [
        "cyberdojofoundation/java_junit:4edf92a"
      ]
    }},
    {{
      "index": 1,
      "name": "{PYTHON}",
      "digest": "{TWO}",
      "created": null,
      "revision": null,
      "source": null,
      "display_names": [],
      "image_names": []
    }}
  ]
}}
"""

TEXTS = st.text(min_size=1)
DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"sha256:{number:064x}")
IMAGES = st.lists(
    st.builds(
        LockedImage,
        st.just(0),
        TEXTS,
        DIGESTS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.lists(st.text()).map(tuple),
        st.lists(st.text()).map(tuple),
    ),
    unique_by=lambda image: image.name,
    max_size=3,
)
LOCKS = st.builds(
    lambda type_, base, images: Lock(
        type_,
        base,
        tuple(
            LockedImage(index, *[getattr(image, key) for key in LockedImage.__struct_fields__[1:]])
            for index, image in enumerate(images)
        ),
    ),
    st.sampled_from(StartPointType),
    st.builds(LockedBase, TEXTS, DIGESTS, st.dictionaries(TEXTS, DIGESTS, max_size=2)),
    IMAGES,
)


def start_point(digest: str, *manifests: Any) -> StartPoint:
    files = {
        f"start_point/{number}/manifest.json": File(json.dumps(each).encode())
        for number, each in enumerate(manifests)
    }
    return StartPoint(digest, Tree.of(files))


def test_renders_every_field_in_a_fixed_order() -> None:
    assert render(LOCK) == RENDERED


def test_platforms_are_sorted_whatever_order_the_store_has_them_in() -> None:
    base = LockedBase(BASE, THREE, {"linux/arm64": TWO, "linux/amd64": ONE})
    assert render(Lock(LOCK.type, base, LOCK.images)) == RENDERED


@given(LOCKS)
def test_reads_what_it_wrote(lock: Lock) -> None:
    assert parse(render(lock), "images.lock") == lock


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_says_exactly_what_is_wrong(case: Path) -> None:
    with pytest.raises(LockError) as error:
        parse((case / "images.lock").read_text("utf-8"), "images.lock")
    assert f"{error.value}\n" == (case / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "document", [None, 7, "x", [], [[]], {"images": [None], "base": 1}, {"schema": True}]
)
def test_no_document_whatsoever_is_more_than_invalid(document: Any) -> None:
    with pytest.raises(LockError):
        parse(json.dumps(document), "images.lock")


def test_nesting_without_end_is_no_json_to_us() -> None:
    with pytest.raises(LockError, match="not JSON"):
        parse("[" * 100_000, "images.lock")


def test_scratch_needs_no_digest() -> None:
    lock = Lock(StartPointType.CUSTOM, LockedBase("scratch", ""), ())
    assert parse(render(lock), "images.lock") == lock


def test_locks_what_was_assembled() -> None:
    manifest = {"display_name": "Java", "image_name": "java_junit:4edf92a"}
    outcomes = (
        Outcome(Source(0, JAVA, 3), 0.1, start_point(ONE, manifest, {"display_name": "Exercise"})),
        Outcome(Source(1, "./python", None, is_directory=True), 0.1, start_point(TWO)),
    )
    assembly = Assembly(StartPointType.CUSTOM, outcomes, (), {})
    assert lock_of(assembly, BaseImage(BASE, THREE, {"SHA": "1"}, {"linux/amd64": ONE})) == Lock(
        StartPointType.CUSTOM,
        LockedBase(BASE, THREE),
        (
            LockedImage(
                0, JAVA, ONE, display_names=("Java", "Exercise"), image_names=("java_junit:4edf92a",)
            ),
            LockedImage(1, "./python", TWO),
        ),
    )


def test_saves_whole_files_only_when_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "images.lock"
    assert save(LOCK, path)
    before = path.stat()
    assert not save(LOCK, path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert load(path) == LOCK
    assert path.stat().st_mode & 0o777 == 0o644
    assert save(Lock(LOCK.type, LOCK.base, ()), path)
    assert load(path).images == ()
    assert [each.name for each in tmp_path.iterdir()] == ["images.lock"]


def test_saving_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"no/images\.lock: cannot be written"):
        save(LOCK, tmp_path / "no" / "images.lock")


def test_loading_says_why_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="No such file or directory"):
        load(tmp_path / "images.lock")
    (tmp_path / "images.lock").write_bytes(b"\xff")
    with pytest.raises(LockError, match="not UTF-8"):
        load(tmp_path / "images.lock")


def states(found: LockDiff) -> list[tuple[str, str]]:
    return [(entry.name, entry.state) for entry in found.entries if entry.state != "unchanged"]


def test_nothing_drifts_where_nothing_changed() -> None:
    found = diff(LOCK, REQUESTED, {BASE: THREE, JAVA: ONE, PYTHON: TWO})
    assert (states(found), found.is_stale, found.exit_status) == ([], False, 0)
    assert staleness(found, "images.lock", "images.yml") == []


@pytest.mark.parametrize(
    ("requested", "reasons"),
    [
        (
            Requested(StartPointType.CUSTOM, BASE, (JAVA, PYTHON)),
            ["the type is languages; images.yml says custom"],
        ),
        (
            Requested(StartPointType.LANGUAGES, "scratch", (JAVA, PYTHON)),
            [
                "the base scratch is in images.yml, but not locked",
                f"the base {BASE} is locked, but not in images.yml",
            ],
        ),
        (
            Requested(StartPointType.LANGUAGES, BASE, ("busybox:LSP", JAVA)),
            [
                "busybox:LSP is in images.yml, but not locked",
                f"{PYTHON} is locked, but not in images.yml",
            ],
        ),
        (
            Requested(StartPointType.LANGUAGES, BASE, (PYTHON, JAVA)),
            ["the images are in a different order than in images.yml"],
        ),
        (
            Requested(StartPointType.LANGUAGES, BASE, (PYTHON, "busybox", JAVA)),
            [
                "busybox is in images.yml, but not locked",
                "the images are in a different order than in images.yml",
            ],
        ),
    ],
)
def test_a_lock_is_stale_for_every_reason_there_is(requested: Requested, reasons: list[str]) -> None:
    found = diff(LOCK, requested, {})
    assert staleness(found, "images.lock", "images.yml") == [f"images.lock: {reason}" for reason in reasons]
    assert found.exit_status == 4


def test_a_name_that_could_not_be_asked_comes_before_a_stale_lock() -> None:
    refused = FetchError(f"{PYTHON}: no answer", kind="unavailable")
    found = diff(LOCK, REQUESTED, {BASE: None, JAVA: TWO, PYTHON: refused})
    assert states(found) == [(BASE, "missing"), (JAVA, "moved"), (PYTHON, "failed")]
    assert (found.is_stale, found.exit_status) == (True, 3)
    assert not diff(LOCK, REQUESTED, {PYTHON: refused}).is_stale


def test_without_a_lock_everything_is_new() -> None:
    found = diff(None, REQUESTED, {BASE: THREE, JAVA: ONE, PYTHON: TWO})
    assert states(found) == [(BASE, "added"), (JAVA, "added"), (PYTHON, "added")]


@pytest.mark.parametrize("name", ["a/b:1.2", "a/b:LSP-latest", f"a/b@{ONE}", f"a/b:LSP@{ONE}"])
def test_a_tag_that_may_not_move_contradicts_the_lock(name: str) -> None:
    lock = Lock(StartPointType.LANGUAGES, LockedBase("scratch", ""), (LockedImage(0, name, ONE),))
    assert contradictions(lock, [(name, ONE)]) == []
    assert contradictions(lock, [(name, TWO), ("other:1", TWO)]) == [
        f"{name}: its tag moved from {ONE} to {TWO}; only :LSP and :latest may move"
    ]


@pytest.mark.parametrize("name", ["a/b", "a/b:latest", "a/b:LSP", "localhost:5000/a", "./a"])
def test_a_tag_that_may_move_does_not(name: str) -> None:
    lock = Lock(StartPointType.LANGUAGES, LockedBase("scratch", ""), (LockedImage(0, name, ONE),))
    assert contradictions(lock, [(name, TWO)]) == []


def test_the_base_may_not_move_either() -> None:
    assert contradictions(LOCK, [(BASE, ONE)]) == [
        f"{BASE}: its tag moved from {THREE} to {ONE}; only :LSP and :latest may move"
    ]
