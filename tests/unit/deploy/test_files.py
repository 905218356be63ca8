"""The files for Compose and ECS: valid, confined, and as docs/operations.md explains them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from docker.utils import exclude_paths

from lsp_assembler import __version__
from lsp_assembler.deploy.cluster import USER, Cluster
from lsp_assembler.deploy.kubernetes import manifests
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.start_point import StartPointType
from tests import ROOT

COMPOSE = ROOT / "deploy/compose.yml"
TASK = json.loads((ROOT / "deploy/ecs-task-definition.json").read_text("utf-8"))
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table in a section, cell by cell, without backquotes."""
    section = re.split(r"^##+ ", PAGE.partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip("` ") for cell in row] for row in rows[2:]]


def context() -> set[str]:
    """What of a clean clone an engine gets to build our own image from."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(tracked.stdout.splitlines()) & set(exclude_paths(str(ROOT), patterns))


def test_a_clean_clone_has_all_that_our_own_image_is_built_from() -> None:
    files = context()
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    absent = [
        source
        for source in sources
        if source != "wheels*" and not any(f"{file}/".startswith(f"{source}/") for file in files)
    ]
    assert absent == []
    links = {
        file: (ROOT / file).resolve().relative_to(ROOT.resolve())
        for file in files
        if (ROOT / file).is_symlink()
    }
    assert {file: str(target) for file, target in links.items() if str(target) not in files} == {}
    assert "lsp_assembler/dockerfile/Dockerfile.template" in files


@pytest.mark.parametrize(
    "path",
    ["Dockerfile", "deploy/compose.yml", "docs/operations.md", "docs/commands.md", "docs/readiness.md"],
)
def test_our_own_image_has_the_version_as_its_tag(path: str) -> None:
    named = re.findall(r"cyberdojo/lsp-assembler(?::([\w.-]*\w))?", (ROOT / path).read_text("utf-8"))
    assert set(named) <= {__version__}


def test_compose_file_keeps_the_specification() -> None:
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    schema = ("--builtin-schema", "vendor.compose-spec")
    done = subprocess.run([program, *schema, COMPOSE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_compose_confines_and_waits() -> None:
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    for service in services.values():
        assert service["read_only"]
        assert service["mem_limit"]
        assert service["tmpfs"] == "/tmp"
        assert service["cap_drop"] == ["ALL"]
        assert service["user"].startswith(f"{USER}:")
    waits_for = services["languages-start-points"]["depends_on"]
    assert waits_for == {"prepull": {"condition": "service_completed_successfully"}}


def test_every_variable_of_compose_is_explained() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text("utf-8")))
    assert {row[0] for row in table("Compose")} == used


def test_every_field_of_the_task_definition_is_explained() -> None:
    (container,) = TASK["containerDefinitions"]
    fields = [field for field in TASK if field != "containerDefinitions"]
    fields += [f"containerDefinitions.{field}" for field in container]
    assert sorted(row[0] for row in table("ECS")) == sorted(fields)


def test_the_task_is_confined() -> None:
    (container,) = TASK["containerDefinitions"]
    assert container["user"].startswith(f"{USER}:")
    assert container["readonlyRootFilesystem"]
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert {each["sourceVolume"] for each in container["mountPoints"]} == {
        each["name"] for each in TASK["volumes"]
    }


def test_health_checks_ask_whether_it_lives() -> None:
    """What fails a health check is replaced, by ECS and by Swarm: so a long pull must not fail it."""
    command = json.loads(re.findall(r"HEALTHCHECK .* CMD (\[.*\])", DOCKERFILE)[0])
    (container,) = TASK["containerDefinitions"]
    assert container["healthCheck"]["command"] == ["CMD", *command]
    program = (ROOT / "deploy/image" / Path(command[-1]).name).read_text("utf-8")
    assert "/alive" in program
    assert "/ready" not in program


def test_probes_are_as_explained() -> None:
    what = Deployable("acme/languages:1", StartPointType.LANGUAGES, 4524, ())
    *_, deployment = yaml.safe_load_all(manifests(what, Cluster("acme/tool:1")))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    rows = {name: (path, every, after) for name, path, every, after, _ in table("Kubernetes")}
    for name, (path, every, after) in rows.items():
        probe = container[f"{name}Probe"]
        seconds = probe["periodSeconds"] * probe["failureThreshold"]
        assert probe["httpGet"]["path"] == path
        assert every == f"{probe['periodSeconds']} s"
        assert after in (f"{seconds} s", f"{seconds // 60} minutes")
    assert sorted(rows) == ["liveness", "readiness", "startup"]
