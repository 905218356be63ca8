"""A history of builds: what it takes, what it refuses, and that nothing in it is ever lost."""

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage, BuiltImage
from lsp_assembler.model.language import Durations
from lsp_assembler.model.result import Result
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.operations.build_spec import BuildSpec
from lsp_assembler.operations.history import Build, BuiltFrom, BuiltOn, append, check, load
from lsp_assembler.operations.history_changes import changes
from lsp_assembler.operations.history_of_build import recorded
from lsp_assembler.reports.wording import closing_line

JAVA = BuiltFrom("ltf/java:LSP", "sha256:1", "4edf92a", None, ("Java",), ("ltf/java:4edf92a",), 1936)
ELM = BuiltFrom("ltf/elm:LSP-1.0", "sha256:2", durations=Durations(1.5, 1, 0.9))
BASE = BuiltOn("org/base:1", "sha256:b")
BUILD = Build(
    1, "2026-11-24T09:00:00Z", ("org/all:1",), "sha256:a", ("linux/amd64",), BASE, None, (JAVA, ELM)
)
WITHOUT_DATE = (
    '{"schema":1,"time":"Tuesday","names":[],"digest":"","platforms":[],"base":{"name":"","digest":""},'
    '"revision":null,"start_points":[]}'
)
REMEDY = "Remove that line, or restore the file, then run it again."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_what_is_added_comes_back_in_its_order(path: Path) -> None:
    builds = [replace(BUILD, digest=f"sha256:{number}") for number in range(3)]
    for build in builds:
        check(path)
        append(build, path)
    assert load(path) == builds
    line = json.loads(path.read_text().splitlines()[0])
    assert (line["schema"], line["time"], line["digest"]) == (1, "2026-11-24T09:00:00Z", "sha256:0")
    assert line["start_points"][1]["durations"] == {"red": 1.5, "amber": 1.0, "green": 0.9}


def test_an_image_that_was_built_already_is_no_news(path: Path) -> None:
    for digest in ("a", "a", "b", "a"):
        append(replace(BUILD, digest=f"sha256:{digest}"), path, only_news=True)
    assert [build.digest[-1] for build in load(path)] == ["a", "b", "a"]


def test_of_many_at_the_same_time_none_is_lost(path: Path) -> None:
    digests = {f"sha256:{number}" for number in range(40)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda digest: append(replace(BUILD, digest=digest), path), digests))
    assert {build.digest for build in load(path)} == digests


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"schema":1,"time":"20', "has no end; a build that wrote it was stopped, or it was edited"),
        ("no JSON\n", "is not from a build (JSON is malformed: invalid character (byte 4))"),
        ("[]\n", "is not from a build (Expected `object`, got `array`)"),
        ("\n", "is not from a build (Input data was truncated)"),
        ('{"schema":2}\n', "is not from a build (Invalid enum value 2 - at `$.schema`)"),
        ('{"schema":1}\n', "is not from a build (Object missing required field `time`)"),
        (f"{WITHOUT_DATE}\n", "is not from a build (its time is 'Tuesday')"),
    ],
    ids=["torn", "text", "list", "empty", "newer", "lacking", "date"],
)
def test_another_line_at_the_end_is_an_error_and_stays(path: Path, line: str, problem: str) -> None:
    append(BUILD, path)
    content = path.read_text() + line
    path.write_text(content)
    for refusing in (lambda: check(path), lambda: append(BUILD, path), lambda: load(path)):
        with pytest.raises(InvalidInputError) as caught:
            refusing()
        assert (caught.value.message, caught.value.remedy) == (f"{path}: line 2 {problem}", REMEDY)
    assert path.read_text() == content


def test_every_line_that_is_wrong_is_named(path: Path) -> None:
    append(BUILD, path)
    path.write_text(f"one\n{path.read_text()}three\n")
    with pytest.raises(InvalidInputError) as caught:
        load(path)
    assert [line.split(" is ")[0] for line in caught.value.message.splitlines()] == [
        f"{path}: line 1",
        f"{path}: line 3",
    ]


def test_what_cannot_be_written_is_found_out_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no such folder"):
        check(tmp_path / "absent" / "history.jsonl")
    with pytest.raises(InvalidInputError, match="Is a directory"):
        check(tmp_path)
    with pytest.raises(InvalidInputError, match="No such file"):
        load(tmp_path / "absent.jsonl")


def test_a_line_that_does_not_fit_leaves_no_part_of_it(path: Path) -> None:
    append(BUILD, path)
    content = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 9, limits[1]))
    try:
        with pytest.raises(PublishError, match="File too large"):
            append(BUILD, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == content


def build(*start_points: BuiltFrom, **more: Any) -> Build:
    return replace(BUILD, start_points=start_points, **more)


def test_what_changed_from_build_to_build() -> None:
    new_elm = replace(ELM, name="ltf/elm:LSP-2.0", digest="sha256:3")
    ruby = BuiltFrom("ltf/ruby:LSP", "sha256:4")
    first, second, third, fourth = changes(
        [
            build(JAVA, ELM),
            build(ruby, new_elm, digest="sha256:c"),
            build(ruby, new_elm, digest="sha256:d", base=replace(BASE, digest="sha256:e")),
            build(ruby, new_elm, digest="sha256:d", base=replace(BASE, digest="sha256:e")),
        ]
    )
    assert (first.before, first.added, first.removed, first.same) == (None, (JAVA, ELM), (), 0)
    assert (second.added, second.removed, second.same) == ((ruby,), (JAVA,), 0)
    assert [(each.old, each.new) for each in second.updated] == [(ELM, new_elm)]
    assert (third.updated, third.same, third.has_new_base, third.is_new_image) == ((), 2, True, True)
    assert (fourth.has_new_base, fourth.is_new_image) == (False, False)


def test_a_slower_test_is_a_change_although_the_digest_is_the_same() -> None:
    slower = replace(ELM, durations=Durations(1.5, 1, 2))
    _, second = changes([build(ELM), build(slower)])
    assert [(each.old, each.new) for each in second.updated] == [(ELM, slower)]


def test_a_line_that_cannot_be_added_does_not_hide_what_was_published(tmp_path: Path) -> None:
    done = Result(
        Assembly(StartPointType.LANGUAGES, (), (), {}), 0, BuiltImage(("org/all:1",), "sha256:a", ())
    )
    spec = BuildSpec([], 4524, "", "")
    path = tmp_path / "absent" / "history.jsonl"
    result = recorded(done, BaseImage("org/base:1", "sha256:b", {}), spec, path)
    assert (result.exit_status, result.image) == (5, done.image)
    assert (result.error or "").splitlines() == [
        f"{path}: cannot be written: No such file or directory",
        "  Check the path and the free space, or choose another file with --history.",
        "  The image is published all the same.",
    ]
    assert closing_line(result) == (
        "No start points: built org/all:1 (sha256:a). Fix the error above and run it again."
    )
