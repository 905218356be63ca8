"""action.yml and the recipes of docs/ci, as far as reading tells; tests/integration runs them."""

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.reports.github import Annotation
from tests import ROOT
from tools.action import run as action

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
WORKFLOWS = ("ltf.yml", "languages.yml", "refresh.yml", "audit.yml")
INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")
OURS = re.compile(r"cyber-dojo/lsp-assembler@v(\d+\.\d+\.\d+)")


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs/ci" / name).read_text("utf-8"))
    return found


def steps_of(name: str) -> list[dict[str, Any]]:
    """All steps of the action or of a workflow."""
    if name == "action.yml":
        return list(ACTION["runs"]["steps"])
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def test_every_input_is_declared_and_every_declared_one_is_used() -> None:
    used = INPUT.findall((ROOT / "action.yml").read_text("utf-8"))
    assert sorted(used) == sorted(ACTION["inputs"])
    assert all({"description", "default"} <= set(each) for each in ACTION["inputs"].values())


def test_outputs_are_those_of_a_step() -> None:
    ids = {step["id"] for step in ACTION["runs"]["steps"] if "id" in step}
    for name, output in ACTION["outputs"].items():
        found = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}", output["value"])
        assert found, name
        assert (found[1] in ids, found[2]) == (True, name)


@pytest.mark.parametrize("name", ["action.yml", *WORKFLOWS])
def test_nothing_is_interpolated_into_a_script(name: str) -> None:
    scripts = [step["run"] for step in steps_of(name) if "run" in step]
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_recipes_use_inputs_and_outputs_that_there_are(name: str) -> None:
    for step in steps_of(name):
        if OURS.fullmatch(step.get("uses", "")):
            assert set(step["with"]) <= set(ACTION["inputs"]), step["name"]
            assert step["with"]["command"] in action.COMMANDS
    text = (ROOT / "docs/ci" / name).read_text("utf-8")
    ids = {step["id"] for step in steps_of(name) if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.outputs", text)) <= ids
    assert set(re.findall(r"env\.(\w+)", text)) <= set(workflow(name).get("env", {}))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_recipes_ask_for_no_more_rights_than_they_need(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}
    writing = [job for job, text in workflow(name)["jobs"].items() if text.get("permissions")]
    assert (
        writing
        == {"ltf.yml": [], "languages.yml": ["build"], "refresh.yml": ["refresh"], "audit.yml": []}[name]
    )


def test_recipes_use_this_version() -> None:
    pages = sorted((ROOT / "docs/ci").iterdir())
    used = {
        found for page in pages for found in re.findall(r"lsp-assembler@v([\d.]+\d)", page.read_text("utf-8"))
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert used == {project["version"]}


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("github-actions", ["action.yml"]),
        ("github-workflows", [f"docs/ci/{name}.yml" for name in ("ltf", "languages", "refresh", "audit")]),
        ("circle-ci", ["docs/ci/circleci.yml"]),
    ],
    ids=["action", "workflows", "circleci"],
)
def test_github_and_circleci_would_accept_it(schema: str, names: list[str]) -> None:
    """By their own JSON Schemas, of which check-jsonschema carries copies."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        *(str(ROOT / name) for name in names),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_inputs_become_arguments() -> None:
    environment = {
        "INPUT_COMMAND": "build",
        "INPUT_FILE": "custom/images.yml",
        "INPUT_FROM": "registry",
        "INPUT_TO": "",
        "INPUT_TAGS": "acme/lsp:1\n  acme/lsp:latest\n",
        "INPUT_ARGS": "--locked --context 'a folder'",
    }
    assert action.command_line(environment) == [
        "build",
        "--file=custom/images.yml",
        "--from=registry",
        "--tag=acme/lsp:1",
        "--tag=acme/lsp:latest",
        "--locked",
        "--context",
        "a folder",
        "--format=github",
    ]


def test_what_is_audited_is_an_argument() -> None:
    environment = {"INPUT_COMMAND": "audit", "INPUT_FILE": "--help", "INPUT_ARGS": "--strict"}
    assert action.command_line(environment) == ["audit", "--strict", "--format=github", "--", "--help"]
    assert action.command_line({"INPUT_COMMAND": "audit"}) == ["audit", "--format=github"]


def test_arguments_are_never_a_shell_s() -> None:
    hostile = "$(touch x) `touch x` ; touch x && > x *"
    words = action.command_line({"INPUT_COMMAND": "lock", "INPUT_ARGS": hostile})
    assert words == ["lock", "$(touch", "x)", "`touch", "x`", ";", "touch", "x", "&&", ">", "x", "*"]
    assert action.command_line({"INPUT_COMMAND": "lock", "INPUT_FROM": "--help"}) == ["lock", "--from=--help"]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"INPUT_COMMAND": "rm"},
            "command: 'rm' is unknown; expected audit, build, check, lock, outdated, pack or update",
        ),
        (
            {"INPUT_COMMAND": "check", "INPUT_ARGS": "'a"},
            "args: it cannot be taken apart (No closing quotation)",
        ),
    ],
)
def test_wrong_inputs_are_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        action.command_line(environment)
    assert str(caught.value).startswith(message)


def test_strangers_cannot_end_an_annotation() -> None:
    hostile = Annotation("error", "a,line=1::x", "one\n::set-output name=x::y\r::error::z", "f:1")
    assert str(hostile) == (
        "::error file=f%3A1,title=a%2Cline=1%3A%3Ax::one%0A∷set-output name=x::y\\r::error::z"
    )
