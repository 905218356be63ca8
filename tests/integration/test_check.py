"""`check`: findings, what reads them, and what it does not need."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import pytest

from tests import ROOT
from tests.integration.support import Tool, id_of, images_yml, publish, start_point
from tests.services import DockerEngine, Registry

FIELDS = re.compile(r"^\| `([a-z_.\[\]]+)` \|", re.MULTILINE)
JSON_PAGE = ROOT / "docs/json.md"


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


@pytest.fixture
def bare_tool(tmp_path: Path) -> Tool:
    """The tool on a machine that has neither an engine nor git."""
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    return Tool(tmp_path, f"unix://{nowhere}/docker.sock", {"PATH": str(nowhere)})


def write(tool: Tool, folder: str, display_name: str, **keys: Any) -> None:
    """A start point as a directory, without git."""
    for path, found in start_point(display_name, **keys).items():
        content = found[0] if isinstance(found, tuple) else found
        tool.write(f"{folder}/{path}", content.decode()).chmod(0o755)


def fields(value: object, place: str = "") -> set[str]:
    """Every field of a report, as docs/json.md spells them, e.g. "findings[].rule"."""
    if isinstance(value, Mapping):
        own = {f"{place}.{key}".removeprefix(".") for key in value}
        return own.union(*(fields(each, f"{place}.{key}".removeprefix(".")) for key, each in value.items()))
    if isinstance(value, list):
        return set().union(*(fields(each, f"{place}[]") for each in value))
    return set()


def test_finding_forbids_publishing(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    source = publish(registry, "moving/java", "Moving")
    tool.write("images.yml", images_yml(source, name="moving/final:1", base=registry_base))
    assert tool.run("build").status == 0
    before = id_of(docker_client, "moving/final:1")
    publish(registry, "moving/java", "Moving", tab_size=0)
    for command in ("check", "build"):
        run = tool.run(command, "--format", "json")
        assert run.status == run.json["exit_status"] == 1
        assert [finding["rule"] for finding in run.json["findings"]] == ["tab-size"]
        assert run.json["findings"][0]["line"] == 4
    assert id_of(docker_client, "moving/final:1") == before


def test_warning_counts_only_if_strict(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "strict/java", "Strict", image_name="cyberdojofoundation/java_junit")
    lax, strict = tool.run("check", source), tool.run("check", "--strict", source)
    assert (lax.status, strict.status) == (0, 1)
    assert "warning" in lax.stdout
    assert "no errors, 1 warning" in lax.stdout
    assert "warning" not in strict.stdout


def test_json_has_the_documented_fields_and_no_others(
    tool: Tool, registry: Registry, registry_base: str
) -> None:
    documented = set(FIELDS.findall(JSON_PAGE.read_text("utf-8")))
    good = publish(registry, "fields/java", "Fields")
    bad = publish(registry, "fields/bad", "Fields", tab_size=9)  # the same name
    to = ("--to", "registry", "--tag", f"{registry.host}/fields/final:1", "--attest")
    built = tool.run("build", "--base", registry_base, *to, "--format", "json", good)
    failed = tool.run("check", "--format", "json", good, bad, f"{registry.host}/fields/absent:LSP")
    baseless = tool.run("build", "--base", f"{registry.host}/fields/absent:1", *to, "--format", "json", good)
    assert (built.status, failed.status, baseless.status) == (0, 3, 3)
    assert fields(built.json) | fields(failed.json) | fields(baseless.json) == documented
    of_failures = ("findings[", "failures[", "base_failure.")
    assert fields(built.json) == {field for field in documented if not field.startswith(of_failures)}


def test_json_says_what_was_found(tool: Tool, registry: Registry) -> None:
    good = publish(registry, "says/java", "Says")
    bad = publish(registry, "says/bad", "Says", tab_size=9)
    absent = f"{registry.host}/says/absent:LSP"
    tool.write("images.yml", images_yml(good, absent, bad))
    report = tool.run("check", "--format", "json").json
    assert (report["schema"], report["ok"], report["exit_status"], report["image"]) == (1, False, 3, None)
    assert [each["source"] for each in report["start_points"]] == [good, absent, bad]
    assert report["start_points"][0]["digest"] == registry.digest("says/java", "LSP")
    found = [(each["rule"], each["code"], each["index"], each["line"]) for each in report["findings"]]
    assert found == [
        ("tab-size", 41, 2, 5),
        ("display-name-unique", 40, 0, 3),
        ("display-name-unique", 40, 2, 5),
    ]
    assert [(each["kind"], each["index"], each["line"]) for each in report["failures"]] == [
        ("not-found", 1, 4)
    ]


def test_json_tells_what_was_wrong_before_there_was_anything(tool: Tool) -> None:
    tool.write("images.yml", "imagse: []\n")
    run = tool.run("check", "--format", "json")
    assert run.status == run.json["exit_status"] == 2
    assert "did you mean 'images'?" in run.json["error"]
    assert run.json["start_points"] == []


def test_github_gets_annotations_and_a_summary(tool: Tool, registry: Registry) -> None:
    good = publish(registry, "github/java", "GitHub")
    bad = publish(registry, "github/bad", "Bad", tab_size=9)
    tool.write("images.yml", images_yml(good, bad))
    summary = tool.write("summary.md", "Before.\n")
    run = tool.run("check", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert run.status == 1
    assert run.stdout.splitlines()[1].startswith("::error file=images.yml,line=4,title=tab-size (41)::")
    text = summary.read_text("utf-8")
    assert text.startswith("Before.\n")
    assert "GitHub" in text
    assert "tab_size is 9" in text


def test_directories_need_neither_engine_nor_git(bare_tool: Tool) -> None:
    write(bare_tool, "one", "One")
    write(bare_tool, "two", "Two")
    run = bare_tool.run("check", "./one", "./two")
    assert run.status == 0, run.output
    assert "2 start points, 2 display names, all unique: all rules pass" in run.stdout
    write(bare_tool, "two", "One")
    duplicates = bare_tool.run("check", "./one", "./two", "--format", "json")
    assert duplicates.status == 1
    assert [finding["index"] for finding in duplicates.json["findings"]] == [0, 1]


def test_folder_of_manifests_is_enough(bare_tool: Tool) -> None:
    bare_tool.write(
        "exercises/one/manifest.json", '{"display_name": "One", "visible_filenames": ["readme.txt"]}'
    )
    bare_tool.write("exercises/one/readme.txt", "Write a program.\n")
    run = bare_tool.run("check", "--type", "exercises", "./exercises")
    assert run.status == 0, run.output


def test_unreadable_directories_are_failures(bare_tool: Tool) -> None:
    write(bare_tool, "good", "Good")
    bare_tool.write("file/x", "")
    run = bare_tool.run("check", "./good", "./absent", "./file/x", "--format", "json")
    assert run.status == 3
    assert [(each["source"], each["kind"]) for each in run.json["failures"]] == [
        ("./absent", "not-found"),
        ("./file/x", "not-found"),
    ]


def test_every_step_is_timed(bare_tool: Tool) -> None:
    write(bare_tool, "one", "One")
    seconds = bare_tool.run("check", "./one", "--format", "json").json["seconds"]
    assert seconds["build"] is None
    assert 0 <= seconds["check"] <= seconds["total"] < 60
