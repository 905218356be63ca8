"""The tool's own image: built, run, built on, killed, and put to use by Compose and as Kubernetes would.

It takes a minute to make one, so there is one test, which makes one and does everything with it.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import docker
import pytest
from docker.models.containers import Container

from lsp_assembler.deploy.cluster import USER, Cluster
from lsp_assembler.deploy.prepull import daemon_sets
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.start_point import StartPointType
from tests import ROOT
from tests.integration.support import Tool, free_port, id_of, publish, wait_for
from tests.need import need
from tests.services import DockerEngine, Image, Registry, layer
from tests.services.process import missing
from tests.services.python_base import python_base_missing
from tests.services.tool_image import TOOL_IMAGE, build_tool_image

CONFINED: dict[str, Any] = {
    "network_mode": "host",
    "read_only": True,
    "tmpfs": {"/tmp": ""},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
PACE = 60.0  # seconds, on a busy machine


@dataclass(frozen=True)
class Stage:
    """Where it all happens."""

    folder: Path
    engine: DockerEngine
    client: docker.DockerClient
    registry: Registry

    def name(self, image: str) -> str:
        """The full name of an image, which need not be in the registry."""
        return f"{self.registry.host}/own/{image}"

    def points(self, name: str, *languages: str) -> str:
        """Build a start-points image on our own; each language has one of its name."""
        sources = [
            publish(self.registry, f"own/{each}-lsp", each.title(), image_name=self.name(f"{each}:4edf92a"))
            for each in languages
        ]
        build = ("build", "--base", TOOL_IMAGE, "--tag", self.name(name), "--pull", "missing", *sources)
        run = Tool(self.folder, self.engine.url).run(*build, "--to", "docker")
        assert run.status == 0, run.output
        return self.name(name)

    def language_image(self, name: str) -> str:
        """Put a language image into the registry that holds one file, and nothing to run."""
        self.registry.put_image(f"own/{name}", "4edf92a", Image((layer({name: b""}),)))
        return self.name(f"{name}:4edf92a")


@pytest.mark.timeout(600)
def test_own_image(
    engine: DockerEngine, docker_client: docker.DockerClient, registry: Registry, tmp_path: Path
) -> None:
    need(python_base_missing() or missing("docker-compose"))
    work = tmp_path / "image"
    work.mkdir()
    build_tool_image(docker_client, work)
    stage = Stage(tmp_path, engine, docker_client, registry)
    it_runs_commands(stage)
    what_is_built_on_it_serves(stage)
    its_program_runs_in_an_empty_image(stage)
    it_pulls_by_itself_as_ecs_has_it(stage)
    compose_pulls_then_serves(stage)
    compose_does_not_serve_what_cannot_be_pulled(stage)


def it_runs_commands(stage: Stage) -> None:
    """`docker run … lsp-assembler build …`, from registry to registry."""
    source, target = publish(stage.registry, "own/alone", "Alone"), stage.name("built:1")
    build = ["build", source, "--base", "scratch", "--tag", target, "--to", "registry", "--format", "json"]
    said = stage.client.containers.run(TOOL_IMAGE, build, remove=True, **CONFINED)
    assert json.loads(said)["image"]["names"] == [target]


def what_is_built_on_it_serves(stage: Stage) -> None:
    """On a read-only root, as an ordinary user; also after it was killed; and it stops when told to."""
    points = stage.points("points:1", "elm", "go")
    with started(stage, points) as (container, port):
        assert wait_for(lambda: answer(port, "ready") == (200, {"ready?": True}), PACE), container.logs()
        assert answer(port, "names") == (200, {"names": ["Elm", "Go"]})
        assert container.exec_run(["id", "-u"]).output == f"{USER}\n".encode()
        assert container.exec_run(health_check(container)).exit_code == 0
        container.kill()
        container.wait()
        container.start()
        assert wait_for(lambda: answer(port, "alive") == (200, {"alive?": True}), PACE), container.logs()
        container.stop()
        assert container.wait()["StatusCode"] == 0
    with started(stage, points, command=["sleep", "infinity"]) as (container, _):
        assert container.exec_run(health_check(container)).exit_code == 1


def its_program_runs_in_an_empty_image(stage: Stage) -> None:
    """What Kubernetes does for each language image: one program of ours runs in it, from a shared folder."""
    image = stage.language_image("shell-less")
    what = Deployable("x", StartPointType.LANGUAGES, 4524, (image,))
    (daemon_set,) = daemon_sets(what, Cluster(TOOL_IMAGE))
    shared = stage.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    for init in daemon_set["spec"]["template"]["spec"]["initContainers"]:
        (mount,) = init["volumeMounts"]
        mode = "ro" if mount.get("readOnly") else "rw"
        stage.client.images.pull(init["image"]) if init["image"] == image else None
        stage.client.containers.run(  # raises unless it ends with status 0
            init["image"],
            entrypoint=init["command"],
            user=f"{USER}:{USER}",
            volumes={str(shared): {"bind": mount["mountPath"], "mode": mode}},
            working_dir=init.get("workingDir"),
            mem_limit="64m",
            remove=True,
            **CONFINED,
        )
    assert (shared / "tini").stat().st_uid == USER


def it_pulls_by_itself_as_ecs_has_it(stage: Stage) -> None:
    """The container of the task definition is ready when the images are there, and so after a restart."""
    (task,) = json.loads((ROOT / "deploy/ecs-task-definition.json").read_text("utf-8"))[
        "containerDefinitions"
    ]
    (mount,) = task["mountPoints"]
    socket = Path(stage.engine.url.removeprefix("unix://"))
    options = {
        "command": task["command"],
        "user": f"{task['user'].partition(':')[0]}:{socket.stat().st_gid}",
        "volumes": {str(socket): {"bind": mount["containerPath"], "mode": "rw"}},
        "mem_limit": f"{task['memory']}m",
    }
    late = stage.name("late:4edf92a")
    with started(stage, stage.points("points:3", "late"), **options) as (container, port):
        waiting = {"ready?": False, "pulled": 0, "of": 1}
        assert wait_for(lambda: late in said_of_failures(answer(port, "ready")), PACE), container.logs()
        status, said = answer(port, "ready") or (0, {})
        assert (status, {key: said[key] for key in waiting}) == (503, waiting)
        assert answer(port, "alive") == (200, {"alive?": True})
        stage.language_image("late")
        for _ in range(2):
            assert wait_for(lambda: answer(port, "ready") == (200, {"ready?": True}), PACE), container.logs()
            container.restart()
    assert id_of(stage.client, late)


def said_of_failures(answered: tuple[int, Any] | None) -> dict[str, str]:
    """Why images are not there yet, by image."""
    failures: dict[str, str] = answered[1].get("failed", {}) if answered else {}
    return failures


def compose_pulls_then_serves(stage: Stage) -> None:
    wanted = [stage.language_image(name) for name in ("elm", "go")]
    assert [id_of(stage.client, image) for image in wanted] == ["", ""]
    with composed(stage, stage.name("points:1")) as (up, port):
        assert up.returncode == 0, up.stderr
        assert all(id_of(stage.client, image) for image in wanted)
        assert wait_for(lambda: answer(port, "names") == (200, {"names": ["Elm", "Go"]}), PACE)


def compose_does_not_serve_what_cannot_be_pulled(stage: Stage) -> None:
    with composed(stage, stage.points("points:2", "absent")) as (up, port):
        assert up.returncode != 0
        assert answer(port, "alive") is None


def health_check(container: Container) -> list[str]:
    """The command of the image's health check."""
    kind, *command = map(str, container.attrs["Config"]["Healthcheck"]["Test"])
    assert kind == "CMD"
    return command


@contextmanager
def started(stage: Stage, image: str, **options: Any) -> Iterator[tuple[Container, int]]:
    """A container in the background, and the port it is to listen on."""
    port = free_port()
    container = stage.client.containers.run(
        image, detach=True, environment={"PORT": str(port)}, **CONFINED | options
    )
    try:
        yield container, port
    finally:
        container.remove(force=True)


@contextmanager
def composed(stage: Stage, points: str) -> Iterator[tuple["subprocess.CompletedProcess[str]", int]]:
    """deploy/compose.yml in the engine, which has no network of its own; the port it is to listen on."""
    port, socket = free_port(), stage.engine.url.removeprefix("unix://")
    host = {"network_mode": "host"}
    services = {"prepull": host, "languages-start-points": {**host, "environment": {"PORT": str(port)}}}
    override = stage.folder / "override.yml"
    override.write_text(json.dumps({"services": services}))
    environment = {
        "PATH": os.environ["PATH"],
        "DOCKER_HOST": stage.engine.url,
        "DOCKER_SOCKET": socket,
        "DOCKER_GID": str(Path(socket).stat().st_gid),
        "START_POINTS": points,
        "LSP_ASSEMBLER": TOOL_IMAGE,
    }
    files = ("-f", str(ROOT / "deploy/compose.yml"), "-f", str(override))

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker-compose", "-p", "own", *files, *command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        yield run("up", "--detach"), port
    finally:
        run("down", "--timeout", "2")


def answer(port: int, path: str) -> tuple[int, Any] | None:
    """The status and the JSON that a service answers with; None while nobody listens."""
    try:
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/{path}", timeout=5) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except (URLError, ConnectionError):
        return None


def test_an_image_on_cyber_dojos_own_base_serves_as_before(
    engine: DockerEngine,
    engine_base: str,
    docker_client: docker.DockerClient,
    registry: Registry,
    tmp_path: Path,
) -> None:
    """Nothing of ours is in it but start points, and its program is the base's."""
    source, name = publish(registry, "own/before", "Before"), "lsp-test/before:1"
    run = Tool(tmp_path, engine.url).run(
        "build", source, "--base", engine_base, "--tag", name, "--pull", "never"
    )
    assert run.status == 0, run.output
    said = docker_client.containers.run(name, remove=True, user=f"{USER}:{USER}", **CONFINED)
    head, shas = said.decode().splitlines()
    assert head == "A stand-in: the real image would serve these languages start points on port 4524:"
    assert shas.split()[0] == "0"
