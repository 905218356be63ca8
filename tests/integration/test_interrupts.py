"""Ctrl-C, SIGTERM and kill -9 at any moment: an end at once, nothing half-done, nothing left behind."""

import signal
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.integration.support import (
    NO_ENGINE,
    SlowLink,
    Tool,
    ended,
    id_of,
    labels,
    publish,
    sleep_in,
    start_point,
    throwaways,
    wait_for,
)
from tests.services import DockerEngine, Image, Registry, layer

IMAGES = 12
PROMPTLY = 12.0


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    (tmp_path / "out").mkdir()
    return Tool(tmp_path, engine.url)


@pytest.fixture(scope="module")
def link(registry: Registry) -> Iterator[str]:
    """The host of the registry behind a slow link."""
    for number in range(IMAGES):
        publish(registry, f"interrupt/{number}", f"Interrupt {number}")
    with SlowLink(registry.host, 0.1) as host:
        yield host


@pytest.fixture(scope="module")
def large_image(registry: Registry) -> str:
    """An image so large that it is read out of a container, which takes its time."""
    files = {**start_point("Large"), "usr/lib/ballast": bytes(40_000_000)}
    for number in range(12):
        files[f"start_point/{number}.txt"] = bytes(1_000_000)
    registry.put_image("interrupt/large", "LSP", Image((layer(files),), labels("Large")))
    return f"{registry.host}/interrupt/large:LSP"


@pytest.fixture
def slow_build(link: str, registry_base: str) -> list[str]:
    """The command line of a build that takes some seconds."""
    sources = [f"{link}/interrupt/{number}:LSP" for number in range(IMAGES)]
    options = [
        "--from",
        "docker",
        "--to",
        "docker",
        "--jobs",
        "4",
        "--base",
        registry_base,
        "--context",
        "out/context",
    ]
    return ["build", *options, "--tag", "interrupt/final:1", *sources]


@pytest.mark.parametrize("delay", [0.1, 0.3, 0.6, 0.9, 1.3, 1.8, 2.4])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_promptly_and_leaves_nothing(
    tool: Tool,
    slow_build: list[str],
    docker_client: docker.DockerClient,
    number: signal.Signals,
    delay: float,
) -> None:
    before = id_of(docker_client, "interrupt/final:1")
    process = tool.start(*slow_build)
    sleep_in(process, delay)
    run, seconds = ended(process, number)
    assert seconds < PROMPTLY
    assert "Traceback" not in run.stderr
    assert "Exception" not in run.stderr
    assert throwaways(docker_client) == []
    assert {path.name for path in (tool.folder / "out").iterdir()} <= {"context"}
    if run.status == 0:  # it was faster
        assert "built interrupt/final:1" in run.stdout
        return
    assert run.status == 130, run.stderr
    assert run.stderr.endswith("interrupted: nothing was left half-done\n")
    assert run.stdout == ""
    assert id_of(docker_client, "interrupt/final:1") == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_it_starts(tmp_path: Path, number: signal.Signals) -> None:
    """Most of the first quarter of a second is spent on imports."""
    tool = Tool(tmp_path, NO_ENGINE)
    for path, content in start_point("Good").items():
        tool.write(f"good/{path}", (content[0] if isinstance(content, tuple) else content).decode())
    ends = set()
    for moment in range(30):
        process = tool.start("check", "./good")
        sleep_in(process, moment / 120)
        run, _ = ended(process, number)
        ends.add(run.status)
        said = "interrupted: nothing was left half-done\n" if run.status else "[1/1] ./good fetched"
        assert said in run.stderr
        assert "Traceback" not in run.stderr
        assert "ignored" not in run.stderr
    assert {130} <= ends <= {130, 0}
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


def test_signal_ends_a_build_step(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    source = publish(registry, "interrupt/step", "Step")
    template = tool.write("Sleeps", "FROM $base\nCOPY . /app/repos\nRUN sleep 55\n")
    options = ("--from", "docker", "--to", "docker", "--base", registry_base, "--template", template)
    process = tool.start("build", *options, "--tag", "interrupt/step:1", source)
    assert wait_for(lambda: docker_client.containers.list(sparse=True))
    run, seconds = ended(process, signal.SIGINT)
    assert (run.status, run.stdout) == (130, "")
    assert seconds < PROMPTLY
    assert wait_for(lambda: not docker_client.containers.list(all=True, sparse=True))
    assert id_of(docker_client, "interrupt/step:1") == ""


def test_second_signal_ends_it_at_once(tool: Tool, slow_build: list[str]) -> None:
    process = tool.start(*slow_build)
    sleep_in(process, 0.6)
    process.send_signal(signal.SIGINT)
    run, seconds = ended(process, signal.SIGINT)
    assert run.status == 130
    assert seconds < PROMPTLY
    assert "Traceback" not in run.stderr


def test_next_run_removes_what_a_killed_run_left(
    tool: Tool, large_image: str, docker_client: docker.DockerClient
) -> None:
    for _ in range(10):
        process = tool.start("check", "--from", "docker", large_image)
        wait_for(lambda: throwaways(docker_client) or process.poll() is not None)  # noqa: B023  # awaited here
        ended(process, signal.SIGKILL)
        if throwaways(docker_client):
            break
    assert throwaways(docker_client), "no kill hit a run that was reading a container"
    run = tool.run("check", "--from", "docker", "--pull", "never", large_image)
    assert run.status in (0, 1)
    assert throwaways(docker_client) == []


def test_runs_at_the_same_time_leave_each_other_alone(
    tool: Tool, large_image: str, docker_client: docker.DockerClient
) -> None:
    overlapped = 0
    for _ in range(3):
        first = tool.start("check", "--from", "docker", "--format", "json", large_image)
        wait_for(lambda: throwaways(docker_client) or first.poll() is not None)  # noqa: B023  # awaited here
        overlapped += first.poll() is None
        second = tool.run("check", "--from", "docker", "--format", "json", "--pull", "never", large_image)
        stdout, stderr = first.communicate(timeout=60)
        assert second.json["failures"] == []
        assert '"failures": []' in stdout, stderr
    assert overlapped
    assert throwaways(docker_client) == []
