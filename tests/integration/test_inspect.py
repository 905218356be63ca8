"""`inspect`: what an image serves, in the words of the service's own `inspect`."""

from pathlib import Path

import docker
import pytest

from tests.integration.support import REVISION, Tool, id_of, publish
from tests.services import DockerEngine, Image, Registry, layer

URL = "https://github.com/cyber-dojo-start-points/java-junit"


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def test_sorted_by_display_name_with_url_sha_and_image(
    tool: Tool, registry: Registry, registry_base: str
) -> None:
    names = ("Zig, test", "C++, Catch", "Ünicode, 試験", "C, assert")
    sources = [publish(registry, f"inspect/{number}", name) for number, name in enumerate(names)]
    built = tool.run("build", "--base", registry_base, "--tag", "inspect/final:1", *sources)
    assert built.status == 0, built.output
    run = tool.run("inspect", "inspect/final:1")
    assert (run.status, list(run.json)) == (0, ["C++, Catch", "C, assert", "Zig, test", "Ünicode, 試験"])
    image_name = "cyberdojofoundation/java_junit:4edf92a"
    assert run.json["Zig, test"] == {"url": URL, "sha": REVISION, "image_name": image_name}
    assert "Ünicode, 試験" in run.stdout


def test_image_of_a_registry_is_pulled(
    tool: Tool, registry: Registry, docker_client: docker.DockerClient
) -> None:
    files: dict[str, bytes | tuple[bytes, int]] = {
        "app/repos/shas.txt": b"0 \t abc \t https://example.org/\n",
        "app/repos/image.type": b"exercises\n",
        "app/repos/0/start_point/manifest.json": b'{"display_name": "FizzBuzz"}',
    }
    registry.put_image("inspect/remote", "1", Image((layer(files),)))
    name = f"{registry.host}/inspect/remote:1"
    assert id_of(docker_client, name) == ""
    run = tool.run("inspect", name)
    assert run.json == {"FizzBuzz": {"url": "https://example.org/", "sha": "abc"}}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"app/up.sh": b""}, "it has no /app/repos; expected a start-points image"),
        ({"app/repos/0/x": b""}, "it has no /app/repos/shas.txt; expected a start-points image"),
        ({"app/repos/shas.txt": b"0 abc\n"}, "line 1 of /app/repos/shas.txt is '0 abc'"),
    ],
    ids=["no repos", "no shas", "bad line"],
)
def test_what_is_no_start_points_image(
    tool: Tool, registry: Registry, files: dict[str, bytes | tuple[bytes, int]], message: str
) -> None:
    registry.put_image("inspect/bad", "1", Image((layer(files),)))
    run = tool.run("inspect", "--from", "docker", "--pull", "always", f"{registry.host}/inspect/bad:1")
    assert (run.status, run.stdout) == (3, "")
    assert message in run.stderr
