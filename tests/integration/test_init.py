"""`init`: what it makes is good as it is, and nothing is lost."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.support import NO_ENGINE, Tool, git, images_yml, publish
from tests.integration.workflows import Runner
from tests.services import Registry


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


def test_a_new_start_point_passes_and_can_be_packed_here_and_in_its_workflow(tool: Tool) -> None:
    made = tool.run("init", "elm-test")
    assert made.status == 0, made.output
    assert made.stdout.startswith(
        'elm-test: made the start point "Elm, test"\n  for the language image cyberdojofoundation/elm_test\n'
    )
    assert max(map(len, made.stdout.splitlines())) <= 80
    assert "lsp-assembler pack ./elm-test\n" in made.stdout
    folder = tool.folder / "elm-test"
    checked = tool.run("check", "./elm-test", "--strict", "--format", "json")
    assert (checked.status, checked.json["findings"]) == (0, [])
    ran = subprocess.run(
        ["bash", "cyber-dojo.sh"], cwd=folder / "start_point", capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, b"FAILED towels: expected 3, got 2\n")

    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "begin")
    jobs = Runner(folder, tool.folder / "runner", {}).run(
        folder / ".github/workflows/language.yml", "pull_request"
    )
    assert list(jobs) == ["check"]
    assert jobs["check"].ok, jobs["check"].log


def test_a_new_list_can_be_checked(tool: Tool, registry: Registry) -> None:
    assert tool.run("init", "images.yml").status == 0
    text = (tool.folder / "images.yml").read_text()
    mine = publish(registry, "init/java", "Java")
    tool.write("images.yml", text.replace("cyberdojofoundation/java_junit:LSP", mine))
    checked = tool.run("check")
    assert checked.status == 0, checked.output


def test_a_folder_with_other_files_keeps_them(tool: Tool) -> None:
    tool.write("README.md", "mine")
    assert tool.run("init", ".").status == 0
    assert (tool.folder / "README.md").read_text() == "mine"
    assert tool.run("check", ".").status == 0


def test_what_is_there_is_never_overwritten_and_then_nothing_is_written(tool: Tool) -> None:
    tool.write("elm/docker/image_name.json", "mine")
    tool.write("images.yml", images_yml("acme/java:LSP"))
    runs = [tool.run("init", "elm"), tool.run("init", "images.yml")]
    assert [(run.status, run.stdout, run.stderr) for run in runs] == [
        (
            2,
            "",
            f"error: {path}: it already exists\n  Choose another name, or move it away.\n",
        )
        for path in ("elm/docker/image_name.json", "images.yml")
    ]
    assert [path.name for path in (tool.folder / "elm").rglob("*") if path.is_file()] == ["image_name.json"]
    assert "acme/java:LSP" in (tool.folder / "images.yml").read_text()


def test_what_cannot_be_written_leaves_nothing_behind(tool: Tool) -> None:
    tool.write("elm/start_point", "a file in the place of a folder")
    run = tool.run("init", "elm")
    assert (run.status, run.stderr.splitlines()[0]) == (
        5,
        "error: elm/start_point/cyber-dojo.sh: cannot be written: Not a directory",
    )
    assert [path.name for path in (tool.folder / "elm").iterdir()] == ["start_point"]
