"""`kubernetes`: what it prints of an image, and of the list that the image was built from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.support import NO_ENGINE, Tool, publish
from tests.services import Registry

LANGUAGE_IMAGES = ("acme/elm:4edf92a", "acme/go:4edf92a")


@pytest.fixture
def tool(tmp_path: Path, registry: Registry) -> Tool:
    """With images.yml, images.lock and the image acme/points:1 in oci:points, all of the same."""
    tool = Tool(tmp_path, NO_ENGINE)
    sources = [publish(registry, f"k8s/{each[5:7]}", each, image_name=each) for each in LANGUAGE_IMAGES]
    listed = "".join(f"- {source}\n" for source in sources)
    tool.write("images.yml", f"base: scratch\nname: acme/points:1\nport: 5001\nimages:\n{listed}")
    for command in (("lock",), ("build", "--to", "oci:points")):
        assert (run := tool.run(*command, "--from", "registry")).status == 0, run.output
    return tool


def printed(tool: Tool, *arguments: str) -> dict[str, Any]:
    """The objects that it prints, by kind; of several of one kind the last one."""
    run = tool.run("kubernetes", *arguments)
    assert run.status == 0, run.output
    return {each["kind"]: each for each in yaml.safe_load_all(run.stdout)}


def service(found: dict[str, Any]) -> Any:
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    return container


def pulled(found: dict[str, Any]) -> list[str]:
    init = found["DaemonSet"]["spec"]["template"]["spec"]["initContainers"]
    return [each["image"] for each in init[1:]]


def test_an_image_serves_itself(tool: Tool) -> None:
    found = printed(tool, "acme/points:1", "--from", "oci:points")
    assert sorted(found) == ["DaemonSet", "Deployment", "PodDisruptionBudget", "Service"]
    assert pulled(found) == list(LANGUAGE_IMAGES)
    assert service(found)["image"] == "acme/points:1"
    assert "args" not in service(found)


def test_a_list_is_served_by_the_tool_as_it_is_locked(tool: Tool) -> None:
    found = printed(tool, "images.yml", "--from", "registry", "--image", "acme/tool:1", "-n", "dojo")
    assert pulled(found) == list(LANGUAGE_IMAGES)
    assert service(found)["image"] == "acme/tool:1"
    (path,) = [each["mountPath"] for each in service(found)["volumeMounts"] if each["name"] == "list"]
    assert service(found)["args"] == ["serve", f"{path}/images.yml", "--locked"]
    assert service(found)["env"][0] == {"name": "PORT", "value": "5001"}
    assert found["ConfigMap"]["data"] == {
        name: (tool.folder / name).read_text("utf-8") for name in ("images.yml", "images.lock")
    }
    assert {each["metadata"]["namespace"] for each in found.values()} == {"dojo"}


def test_a_lock_file_that_is_stale_is_refused_before_a_pod_refuses_it(tool: Tool) -> None:
    with (tool.folder / "images.yml").open("a") as file:
        file.write("- acme/new:LSP\n")
    run = tool.run("kubernetes", "images.yml", "--from", "registry")
    assert (run.status, run.stdout) == (4, "")
    assert "acme/new:LSP" in run.stderr
