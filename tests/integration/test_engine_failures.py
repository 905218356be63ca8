"""What goes wrong around the engine, for real: a full disk, a dying engine, logins, absent helpers."""

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.integration.support import Silence, SlowLink, Tool, free_port, images_yml, publish, start_point
from tests.services import DockerEngine, Image, Login, Registry, layer

_DISK = 48  # megabytes


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


@pytest.fixture
def small_engine(engine: DockerEngine) -> Iterator[DockerEngine]:
    """An engine of its own, on a tiny disk."""
    assert engine.pid, "where the shared engine runs, so does this one"
    small = DockerEngine()
    data = small.folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}m", "tmpfs", data], check=True)
    try:
        with small:
            yield small
    finally:
        small.stop()


def docker_config(tool: Tool, content: object) -> dict[str, str]:
    """The environment for a run with this config.json."""
    return {"DOCKER_CONFIG": str(tool.write("docker/config.json", json.dumps(content)).parent)}


def test_full_disk_then_dead_engine(small_engine: DockerEngine, tmp_path: Path, registry: Registry) -> None:
    tool = Tool(tmp_path, small_engine.url)
    good = publish(registry, "disk/good", "Good")
    ballast = layer({**start_point("Large"), "usr/large": bytes((_DISK + 16) * 1024 * 1024)})
    registry.put_image("disk/large", "LSP", Image((ballast,)))
    tool.write("images.yml", images_yml(f"{registry.host}/disk/large:LSP", good))

    full = tool.run("check", "--from", "docker", "--format", "json", "-j", "1")
    assert full.status == 3, full.output
    assert [(each["kind"], each["index"]) for each in full.json["failures"]] == [("disk-full", 0)]
    assert "the engine's disk is full" in full.json["failures"][0]["message"]
    assert "Free space where the engine keeps its data" in full.json["failures"][0]["message"]
    assert full.json["start_points"][1]["manifests"][0]["display_name"] == "Good"

    with SlowLink(registry.host, 0.3) as slow:
        names = [f"{slow}/disk/good:LSP", *(f"{slow}/disk/absent{number}:LSP" for number in range(8))]
        process = tool.start("check", "--from", "docker", "--format", "json", "-j", "2", *names)
        assert process.stderr is not None
        assert process.stderr.readline()  # the first image is there, and the others are under way
        os.kill(small_engine.pid, signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 3, stderr
    assert "Traceback" not in stderr
    kinds = {each["kind"] for each in json.loads(stdout)["failures"]}
    assert "unavailable" in kinds
    assert kinds <= {"unavailable", "not-found"}

    gone = tool.run("check", "--from", "docker", good)
    assert gone.status == 3
    assert f"Docker Engine: no answer at {small_engine.url} (Connection refused)" in gone.stderr


def test_every_failure_is_reported_in_the_order_of_the_list(tool: Tool, registry: Registry) -> None:
    good = publish(registry, "order/good", "Good")
    with Silence() as silent:
        names = [
            f"{silent}/order/stalls:LSP",
            good,
            f"{registry.host}/order/absent:LSP",
            f"127.0.0.1:{free_port()}/order/refused:LSP",
            f"{registry.host}/order/absent:LSP-2",
        ]
        tool.write("images.yml", images_yml(*names))
        began = time.monotonic()
        run = tool.run("check", "--from", "docker", "--stall-timeout", "1", "--format", "json")
        assert time.monotonic() - began < 10
    assert run.status == 3
    assert [(each["source"], each["kind"], each["line"]) for each in run.json["failures"]] == [
        (names[0], "timeout", 3),
        (names[2], "not-found", 5),
        (names[3], "unavailable", 6),
        (names[4], "not-found", 7),
    ]
    assert run.json["start_points"][1]["manifests"]


def test_missing_credential_helper_does_not_break_a_public_pull(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "helper/java", "Helper")
    for content in ({"credsStore": "nowhere"}, {"credHelpers": {registry.host: "nowhere"}}):
        run = tool.run("check", "--from", "docker", source, **docker_config(tool, content))
        assert run.status == 0, run.output


def test_login_of_the_users_configuration(tool: Tool, private_registry: Registry, login: Login) -> None:
    source = publish(private_registry, "login/java", "Login")

    def auths(password: str) -> object:
        word = base64.b64encode(f"{login.user}:{password}".encode()).decode()
        return {"auths": {private_registry.host: {"auth": word}}}

    right = tool.run("check", "--from", "docker", source, **docker_config(tool, auths(login.password)))
    assert right.status == 0, right.output
    assert login.password not in right.output
    wrong = tool.run(
        *("check", "--from", "docker", "--pull", "always", source),
        **docker_config(tool, auths("guessed-it")),
    )
    assert wrong.status == 3
    assert "failed: unauthorized" in wrong.stdout
    assert "guessed-it" not in wrong.output


def test_damaged_configuration_does_not_break_a_public_pull(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "damaged/java", "Damaged")
    path = tool.write("docker/config.json", "{")
    run = tool.run("check", "--from", "docker", source, DOCKER_CONFIG=str(path.parent))
    assert run.status == 0, run.output


def test_registry_in_place_of_an_engine(tool: Tool, registry: Registry) -> None:
    nonsense = Tool(tool.folder, f"tcp://{registry.host}")
    run = nonsense.run("check", "--from", "docker", f"{registry.host}/a/b:LSP")
    assert run.status == 3, run.output
    assert f"no answer at tcp://{registry.host}" in run.stderr
    assert "Traceback" not in run.stderr


def test_nothing_is_left_in_the_engine(
    tool: Tool, registry: Registry, docker_client: docker.DockerClient
) -> None:
    sources = [publish(registry, f"left/{number}", f"Left {number}") for number in range(4)]
    hostile = f"{registry.host}/left/absent:LSP"
    assert tool.run("check", "--from", "docker", *sources, hostile).status == 3
    assert docker_client.containers.list(all=True, sparse=True) == []
