"""`inspect`: what an image serves, in the words of the service's own `inspect`."""

import shlex
import subprocess
from pathlib import Path

import docker
import pytest

from tests.integration.support import REVISION, SCRIPT, Run, Tool, id_of, manifest, publish
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


def test_language_images_are_listed_and_asked_for(tool: Tool, registry: Registry) -> None:
    there = f"{registry.host}/inspect/there:1"
    gone = f"{registry.host}/inspect/gone:1"
    registry.put_image("inspect/there", "1", Image((layer({"bin/sh": b""}),)))
    manifests = {"0": there, "1": gone, "2": there, "3": "No Name"}
    files: dict[str, bytes | tuple[bytes, int]] = {
        f"app/repos/{index}/start_point/manifest.json": manifest(f"No {index}", image)
        for index, image in manifests.items()
    }
    shas = "".join(f"{index} abc https://example.org/{index}\n" for index in manifests)
    registry.put_image("inspect/all", "1", Image((layer({**files, "app/repos/shas.txt": shas.encode()}),)))
    image = f"{registry.host}/inspect/all:1"

    def run(*options: str) -> Run:
        return tool.run("inspect", image, "--from", "registry", *options)

    assert run("--images").stdout == "".join(f"{name}\n" for name in sorted({there, gone, "No Name"}))
    assert run("--images", "--format", "json").json == sorted({there, gone, "No Name"})
    assert len(run("--format", "text").stdout.splitlines()) == 5
    verified = run("--verify-images")
    assert (verified.status, list(verified.json)) == (1, ["No 0", "No 1", "No 2", "No 3"])
    assert sorted(verified.stderr.splitlines()) == sorted(
        [
            f"error: {gone}: its registry has no such image; publish it",
            "error: No Name: it is not an image name",
            "2 of 3 language images are missing or cannot be verified",
        ]
    )


def test_people_get_a_table(tool: Tool, registry: Registry) -> None:
    files: dict[str, bytes | tuple[bytes, int]] = {
        "app/repos/shas.txt": b"0 \t 4edf92a8c7 \t https://example.org/\n",
        "app/repos/0/start_point/manifest.json": manifest("Elm, test"),
        "app/repos/0/start_point/sha.txt": b"4edf92a8c7",
    }
    registry.put_image("inspect/people", "1", Image((layer(files),)))
    command = [str(SCRIPT), "inspect", "--from", "registry", f"{registry.host}/inspect/people:1"]
    shown = subprocess.run(
        ["script", "-qec", shlex.join(command), "/dev/null"],
        env=tool.variables(TERM="dumb", COLUMNS="160"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    row = next(line for line in shown.splitlines() if line.startswith("Elm, test"))
    assert row.split()[2:] == ["cyberdojofoundation/java_junit:4edf92a", "4edf92a", "1", "example.org/"]
