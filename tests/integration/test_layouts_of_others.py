"""Layouts and archives that skopeo and Docker wrote, each with its own idea of where a name stands."""

from pathlib import Path

import docker
import pytest

from tests.integration.daemonless import skopeo
from tests.integration.support import NO_ENGINE, Tool, publish
from tests.services import Registry


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.mark.parametrize("name", ["LSP", "layouts/java:LSP", "docker.io/layouts/java:LSP"])
@pytest.mark.parametrize("kind", ["oci", "oci-archive"])
def test_skopeo(tool: Tool, registry: Registry, kind: str, name: str) -> None:
    source = publish(registry, "layouts/java", "Java")
    skopeo("copy", "--src-tls-verify=false", f"docker://{source}", f"{kind}:{tool.folder}/there:{name}")
    run = tool.run("check", "--from", f"{kind}:there", "layouts/java:LSP")
    assert run.status == 0, run.output
    wrong = tool.run("check", "--from", f"{kind}:there", "layouts/java:LSP-1")
    assert wrong.status == 3, wrong.output
    expected = "an image with the tag LSP and no name" if name == "LSP" else "docker.io/layouts/java:LSP"
    assert expected in wrong.stdout.replace("\n           ", " ")


def test_skopeo_without_a_name(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "layouts/java", "Java")
    skopeo("copy", "--src-tls-verify=false", f"docker://{source}", f"oci:{tool.folder}/there")
    run = tool.run("check", "--from", "oci:there", "layouts/java:LSP")
    assert run.status == 3, run.output
    assert "an image without a name, sha256:" in run.stdout.replace("\n           ", " ")


def test_archive_of_an_older_docker_save(tool: Tool, registry: Registry) -> None:
    source = publish(registry, "layouts/java", "Java")
    target = f"docker-archive:{tool.folder}/old.tar:layouts/java:LSP"
    skopeo("copy", "--src-tls-verify=false", f"docker://{source}", target)
    run = tool.run("check", "--from", "oci-archive:old.tar", "layouts/java:LSP")
    assert run.status == 3, run.output
    assert "it is in the format of older engines' 'docker save', without an index.json" in run.output
    new = f"oci-archive:{tool.folder}/new.tar:layouts/java:LSP"
    skopeo("copy", target.removesuffix(":layouts/java:LSP"), new)
    assert tool.run("check", "--from", "oci-archive:new.tar", "layouts/java:LSP").status == 0


def test_docker_save(tool: Tool, registry: Registry, docker_client: docker.DockerClient) -> None:
    source = publish(registry, "layouts/saved", "Saved")
    image = docker_client.images.pull(source.removesuffix(":LSP"), tag="LSP")
    (tool.folder / "saved.tar").write_bytes(b"".join(image.save(named=True)))
    run = tool.run("check", "--from", "oci-archive:saved.tar", source)
    assert run.status == 0 or "older engines' 'docker save'" in run.output, run.output
