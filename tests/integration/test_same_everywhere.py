"""One build, four ways: what comes out is the same, and a real engine and skopeo can use it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.integration.daemonless import TEMPLATE, assert_whole, built, layout_index, members, skopeo
from tests.integration.support import Entry, Tool, folder_of, images_yml, publish
from tests.need import need
from tests.services import DockerEngine, Registry, base_image_missing

NAME = "everywhere/final:1"
KEYS = ("Env", "Labels", "Entrypoint", "Cmd", "ExposedPorts", "User", "WorkingDir", "StopSignal", "Volumes")
TEMPLATES = {"standard": None, "all instructions": TEMPLATE}


@dataclass(frozen=True)
class Made:
    """What the four ways made: digests, and what the engine sees of each by the way that it came."""

    tool: Tool
    digests: Mapping[str, str]
    configs: Mapping[str, Mapping[str, Any]]
    trees: Mapping[str, Mapping[str, Entry]]


def load(client: docker.DockerClient, archive: Path) -> str:
    """`docker load` an archive with one image of that name; its id."""
    with archive.open("rb") as file:
        (image,) = client.images.load(file)
    assert NAME in image.tags
    return str(image.id)


def seen(client: docker.DockerClient, image: str) -> tuple[dict[str, Any], dict[str, Entry]]:
    """What the engine makes of an image: its configuration, and all files below /app/repos."""
    config = client.images.get(image).attrs["Config"]
    tree = folder_of(client, image, "/app/repos")
    del tree[""]  # the mtime of /app/repos itself is the engine's own
    return {key: config.get(key) or None for key in KEYS}, tree


@pytest.fixture(scope="module", params=TEMPLATES)
def made(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    docker_client: docker.DockerClient,
    registry: Registry,
    registry_base: str,
) -> Iterator[Made]:
    """One list of start points, built by every store."""
    url = request.getfixturevalue("engine").url
    tool = Tool(tmp_path_factory.mktemp("everywhere"), url)
    remote = f"{registry.host}/{NAME}"
    sources = [publish(registry, f"everywhere/{name}", f"Everywhere {name}") for name in ("b", "a", "c")]
    tool.write("images.yml", images_yml(*sources, name=NAME, base=registry_base))
    template = TEMPLATES[request.param]
    if template:
        tool.write("Dockerfile.template", template)
    options: dict[str, tuple[str, ...]] = {
        "docker": ("--from", "docker", "--to", "docker"),
        "registry": ("--from", "registry", "--to", "registry", "--tag", remote),
        "oci": ("--from", "registry", "--to", "oci:layout"),
        "oci-archive": ("--from", "registry", "--to", "oci-archive:image.tar"),
    }
    digests = {way: built(tool, *each) for way, each in options.items()}
    again = {way: built(tool, *each) for way, each in options.items()}
    assert again == digests
    images = {"docker": docker_client.images.get(NAME).id}
    docker_client.images.pull(remote)
    images["registry"] = docker_client.images.get(remote).id
    images["oci-archive"] = load(docker_client, tool.folder / "image.tar")
    looks = {way: seen(docker_client, str(image)) for way, image in images.items()}
    yield Made(
        tool,
        digests,
        {way: config for way, (config, _) in looks.items()},
        {way: tree for way, (_, tree) in looks.items()},
    )
    for name in (NAME, remote):
        docker_client.images.remove(name, force=True)


def test_same_files(made: Made) -> None:
    assert len(made.trees["docker"]) > 12
    assert made.trees["registry"] == made.trees["docker"]
    assert made.trees["oci-archive"] == made.trees["docker"]


def test_same_configuration(made: Made) -> None:
    expected = dict(made.configs["docker"])
    for way in ("registry", "oci-archive"):
        found = dict(made.configs[way])
        version = "org.opencontainers.image.version"
        assert found["Labels"][version] == expected["Labels"][version] == "1"
        assert found == expected


def test_same_digest_without_an_engine(made: Made) -> None:
    assert made.digests["oci"] == made.digests["registry"] == made.digests["oci-archive"]


def test_same_lock_inside(made: Made) -> None:
    locks = {way: tree["images.lock"].content for way, tree in made.trees.items()}
    assert len(set(locks.values())) == 1
    assert b"everywhere/b:LSP" in (locks["docker"] or b"")


def test_layout_and_archive_hold_the_same(made: Made) -> None:
    folder = made.tool.folder / "layout"
    assert_whole(folder)
    archived = members(made.tool.folder / "image.tar")
    assert json.loads(archived.pop("manifest.json").content or b"")[0]["RepoTags"] == [NAME]
    assert {path: entry.content for path, entry in archived.items()} == {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_skopeo_reads_every_platform(made: Made, architecture: str) -> None:
    folder = made.tool.folder
    inspect = ("--override-os", "linux", "--override-arch", architecture, "inspect")
    for place in (f"oci:{folder}/layout:{NAME}", f"oci-archive:{folder}/image.tar:{NAME}"):
        found = json.loads(skopeo(*inspect, place))
        assert found["Architecture"] == architecture
        assert found["Digest"] == made.digests["oci"]
        assert found["Labels"] == made.configs["docker"]["Labels"]


def test_skopeo_copies_it_whole(made: Made, tmp_path: Path) -> None:
    source = f"oci:{made.tool.folder}/layout:{NAME}"
    skopeo("copy", "--all", "--preserve-digests", source, f"oci:{tmp_path}/copy:{NAME}")
    assert layout_index(tmp_path / "copy")[NAME]["digest"] == made.digests["oci"]
    assert_whole(tmp_path / "copy")


def test_engine_runs_it(tmp_path: Path, engine: DockerEngine, registry: Registry, registry_base: str) -> None:
    need(base_image_missing())
    tool = Tool(tmp_path, engine.url)
    remote = f"{registry.host}/everywhere/runs:1"
    source = publish(registry, "everywhere/run", "Everywhere run")
    built(tool, "--to", "registry", "--from", "registry", "--base", registry_base, "--tag", remote, source)
    command = ["docker", "-H", engine.url, "run", "--rm", "--network", "none", remote]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "failed to create" in run.stderr or "operation not permitted" in run.stderr:
        pytest.skip(f"the engine cannot run containers here: {run.stderr.strip()[-200:]}")
    assert run.returncode == 0, run.stderr
    assert "these languages start points on port 4524" in run.stdout
    assert run.stdout.splitlines()[-1].startswith("0 \t ")
