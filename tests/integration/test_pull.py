"""When an engine pulls, and what becomes of images that it cannot pull."""

from pathlib import Path

import docker
import pytest

from tests.integration.support import Tool, free_port, id_of, images_yml, publish, start_point
from tests.services import (
    DockerEngine,
    Image,
    Registry,
    base_image_config,
    base_image_layer,
    import_base_image,
)


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def display_names(tool: Tool, source: str, pull: str) -> set[str]:
    """What a check finds that reads from the engine."""
    run = tool.run("check", "--from", "docker", "--pull", pull, "--format", "json", source)
    return {each["manifests"][0]["display_name"] for each in run.json["start_points"] if each["manifests"]}


def test_newer_always_missing_or_never(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    source = publish(registry, "pull/java", "First")
    assert display_names(tool, source, "never") == set()
    assert display_names(tool, source, "missing") == {"First"}
    publish(registry, "pull/java", "Second")
    assert display_names(tool, source, "never") == {"First"}
    assert display_names(tool, source, "missing") == {"First"}
    assert display_names(tool, source, "newer") == {"Second"}
    publish(registry, "pull/java", "Third")
    assert display_names(tool, source, "always") == {"Third"}

    base = f"{registry.host}/pull/base:1"
    registry.put_image("pull/base", "1", Image((base_image_layer(),), config=base_image_config()))
    docker_client.images.pull(registry_base)
    run = tool.run("build", "--pull", "never", "--base", base, "--tag", "pull/final:1", source)
    assert (run.status, id_of(docker_client, base)) == (3, "")


def test_what_the_engine_has_is_enough_without_its_registry(
    tool: Tool, docker_client: docker.DockerClient
) -> None:
    gone = f"127.0.0.1:{free_port()}"
    base, source = f"{gone}/offline/base:1", f"{gone}/offline/java:LSP"
    import_base_image(docker_client, base)
    for path, content in start_point("Offline", image_name=f"{gone}/offline/java").items():
        tool.write(f"ltf/{path}", (content[0] if isinstance(content, tuple) else content).decode())
    tool.write("images.yml", images_yml(source, base=base))
    assert tool.run("pack", "./ltf").status == 0
    for arguments in (("build", "./ltf"), ("build",), ("build", "--from", "docker"), ("check",)):
        run = tool.run(*arguments)
        assert run.status == 0, run.output
        told = [line for line in run.stderr.splitlines() if "could not pull" in line]
        assert len(told) == 1, run.output
        assert base in told[0]
        assert (source in told[0]) == (arguments != ("build", "./ltf"))
        assert "used what the Docker Engine has" in told[0]
        assert "read from the Docker Engine" not in run.stderr


@pytest.mark.parametrize("store", ["docker", "auto"])
def test_to_pull_always_is_to_insist(tool: Tool, docker_client: docker.DockerClient, store: str) -> None:
    gone = f"127.0.0.1:{free_port()}"
    import_base_image(docker_client, f"{gone}/insist/java:LSP")
    insisting = ("check", "--from", store, "--pull", "always", "--format", "json")
    run = tool.run(*insisting, f"{gone}/insist/java:LSP")
    (failure,) = run.json["failures"]
    assert "; the engine has an image of that name\n" in failure["message"]
    assert failure["message"].endswith("Or use the image that the engine has, with --pull missing.")
    absent = tool.run(*insisting, f"{gone}/absent:LSP")
    assert "--pull missing" not in absent.json["failures"][0]["message"]
    wrong_base = tool.run(
        *("build", "--pull", "always", "--base", f"{gone}/insist/java:LSP", "-t", "insist:1"),
        publish_nowhere(tool),
    )
    assert wrong_base.status == 3
    assert "with --pull missing" in " ".join(wrong_base.stdout.split())


def publish_nowhere(tool: Tool) -> str:
    """A start point as a folder."""
    for path, content in start_point("Insist").items():
        tool.write(f"insist/{path}", (content[0] if isinstance(content, tuple) else content).decode())
    return "./insist"
