"""`build --history` and `report --history`: from builds to the page that says what each of them changed."""

import json
from pathlib import Path

import pytest

from tests.integration.daemonless import base_image
from tests.integration.support import NO_ENGINE, Tool, publish
from tests.services import Registry
from tests.unit.reports.html.test_pages import words


@pytest.fixture(scope="module")
def base(registry: Registry) -> str:
    registry.put_images("history/base", "1", (base_image(),))
    return f"{registry.host}/history/base:1"


def published(registry: Registry, repository: str, title: str) -> str:
    """An LSP image whose language image is there as well."""
    registry.put_image(f"{repository}-image", "4edf92a", base_image())
    return publish(registry, repository, title, image_name=f"{registry.host}/{repository}-image:4edf92a")


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE, {"SOURCE_DATE_EPOCH": "1795510800"})


def test_from_builds_to_the_page(tool: Tool, registry: Registry, base: str) -> None:
    name = f"{registry.host}/history/all:1"
    first, second = (published(registry, f"history/{each}", each.title()) for each in ("first", "second"))
    words_of_all = ["build", "--to", "registry", "--base", base, "--tag", name, "--history", "builds.jsonl"]
    assert tool.run(*words_of_all, first).status == 0
    assert tool.run(*words_of_all, first, second).status == 0
    lines = [json.loads(line) for line in (tool.folder / "builds.jsonl").read_text().splitlines()]
    assert [len(line["start_points"]) for line in lines] == [1, 2]
    assert lines[1]["time"] == "2026-11-24T09:00:00Z"
    assert lines[1]["start_points"][1]["display_names"] == ["Second"]
    assert lines[1]["base"]["name"] == base
    for _ in range(2):
        run = tool.run("report", name, "--html", "site", "--history", "builds.jsonl", "--format", "json")
        assert run.status == 0, run.output
    assert len((tool.folder / "builds.jsonl").read_text().splitlines()) == 2
    said = words((tool.folder / "site/builds.html").read_bytes())
    assert "Tuesday, 24 November 2026, 09:00 UTC" in said
    assert f"Added: Second {second}" in said


def test_an_image_that_others_built_is_added_once(tool: Tool, registry: Registry, base: str) -> None:
    name = f"{registry.host}/history/theirs:1"
    source = published(registry, "history/their", "Theirs")
    words_of_all = ["build", "--to", "registry", "--base", base, "--tag", name, source]
    assert tool.run(*words_of_all, "--history", "ours.jsonl").status == 0
    for _ in range(2):
        run = tool.run("report", name, "--history", "theirs.jsonl", "--format", "json")
        assert run.status == 0, run.output
    ours, theirs = (json.loads((tool.folder / f"{each}.jsonl").read_text()) for each in ("ours", "theirs"))
    assert theirs == ours


def test_a_history_that_cannot_be_added_to_stops_the_build_at_once(tool: Tool) -> None:
    tool.write("builds.jsonl", "no JSON\n")
    run = tool.run("build", "--tag", "a/b", "--history", "builds.jsonl", "a/b:LSP")
    assert (run.status, run.stderr.splitlines()[-1].strip()) == (
        2,
        "Remove that line, or restore the file, then run it again.",
    )
    assert "builds.jsonl: line 1 is not from a build" in run.stderr
