"""`pack` on a real engine: an LSP image of a checkout, the same from everywhere, the checkout untouched."""

import io
import json
import tarfile
from pathlib import Path

import docker
import pytest

from tests.integration.support import Tool, git, id_of, start_point
from tests.services import DockerEngine

PREFIX = "org.opencontainers.image"


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def checkout(tool: Tool, folder: str, name: str, display_name: str = "Packed") -> str:
    """Write an LTF checkout with one commit; returns the commit."""
    for path, found in start_point(display_name, image_name=None).items():
        content, mode = found if isinstance(found, tuple) else (found, 0o644)
        tool.write(f"{folder}/{path}", content.decode()).chmod(mode)
    tool.write(f"{folder}/docker/image_name.json", json.dumps({"image_name": name}))
    tool.write(f"{folder}/docker/Dockerfile", "FROM scratch\n")
    tool.write(f"{folder}/.gitignore", "*.log\n")
    place = tool.folder / folder
    for arguments in (
        ("init",),
        ("remote", "add", "origin", "git@github.com:ltf/packed.git"),
        ("add", "."),
        ("commit", "-m", "A start point"),
    ):
        git(place, *arguments)
    return git(place, "rev-parse", "HEAD")


def layers(client: docker.DockerClient, name: str) -> list[dict[str, bytes | None]]:
    """What each layer of an image holds."""
    saved = b"".join(client.images.get(name).save())
    found = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as outer:
        listing = outer.extractfile("manifest.json")
        assert listing
        for layer in json.load(listing)[0]["Layers"]:
            data = outer.extractfile(layer)
            assert data
            with tarfile.open(fileobj=io.BytesIO(data.read())) as inner:
                found.append({member.name: _content(inner, member) for member in inner})
    return found


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | None:
    stream = tar.extractfile(member) if member.isreg() else None
    return stream.read() if stream else None


def test_image_is_one_layer_with_the_start_point_and_says_what_it_is(
    tool: Tool, docker_client: docker.DockerClient
) -> None:
    commit = checkout(tool, "ltf", "pack/one")
    run = tool.run("pack", "ltf")
    assert run.status == 0, run.output

    moving, fixed = "pack/one:LSP", f"pack/one:LSP-{commit[:7]}"
    digest = id_of(docker_client, moving)
    assert digest
    assert digest == id_of(docker_client, fixed)
    image = docker_client.images.get(moving)
    assert image.labels == {
        f"{PREFIX}.created": "2026-11-21T03:34:00Z",
        f"{PREFIX}.revision": commit,
        f"{PREFIX}.source": "https://github.com/ltf/packed",
        f"{PREFIX}.title": "Packed",
        f"{PREFIX}.version": commit[:7],
        "org.cyber-dojo.lsp.image-name": f"pack/one:{commit[:7]}",
    }
    assert not image.attrs["Config"].get("Cmd")
    (layer,) = layers(docker_client, moving)
    manifest = layer.pop("start_point/manifest.json")
    assert json.loads(manifest or b"")["image_name"] == f"pack/one:{commit[:7]}"
    assert layer == {
        "start_point": None,
        "start_point/cyber-dojo.sh": b"echo 42\n",
        "start_point/hiker.txt": b"42\n",
    }


def test_same_commit_gives_the_same_image_everywhere(tool: Tool, docker_client: docker.DockerClient) -> None:
    checkout(tool, "ltf", "pack/same")
    git(tool.folder, "clone", "ltf", "clone")
    git(tool.folder / "clone", "remote", "set-url", "origin", "https://ada:secret@github.com/ltf/packed")
    ids = []
    for folder in ("ltf", "ltf", "clone"):
        run = tool.run("pack", folder)
        assert run.status == 0, run.output
        ids.append(id_of(docker_client, "pack/same:LSP"))
    assert ids == ids[:1] * 3
    assert ids[0]


def test_checkout_is_not_touched(tool: Tool) -> None:
    checkout(tool, "ltf", "pack/untouched")
    tool.write("ltf/start_point/noise.log", "ignored\n")
    before = {path: path.lstat() for path in (tool.folder / "ltf").rglob("*")}
    assert tool.run("pack", "ltf").status == 0
    after = {path: path.lstat() for path in (tool.folder / "ltf").rglob("*")}
    assert {path: (each.st_mtime_ns, each.st_mode, each.st_ino) for path, each in after.items()} == {
        path: (each.st_mtime_ns, each.st_mode, each.st_ino) for path, each in before.items()
    }


def test_what_git_ignores_is_not_packed(tool: Tool, docker_client: docker.DockerClient) -> None:
    checkout(tool, "ltf", "pack/ignored")
    tool.write("ltf/start_point/noise.log", "ignored\n")
    assert tool.run("pack", "ltf").status == 0
    assert "start_point/noise.log" not in layers(docker_client, "pack/ignored:LSP")[0]


def test_change_without_a_commit_gets_a_tag_of_its_own(
    tool: Tool, docker_client: docker.DockerClient
) -> None:
    commit = checkout(tool, "ltf", "pack/changed")
    tool.write("ltf/start_point/hiker.txt", "43\n")
    run = tool.run("pack", "ltf")
    assert run.status == 0, run.output
    assert "(work in progress; not committed: start_point/hiker.txt)" in run.output
    assert id_of(docker_client, f"pack/changed:LSP-{commit[:7]}") == ""
    assert f"{PREFIX}.revision" not in docker_client.images.get("pack/changed:LSP").labels


def test_one_bad_checkout_publishes_none(tool: Tool, docker_client: docker.DockerClient) -> None:
    checkout(tool, "good", "pack/good", "Good")
    checkout(tool, "bad", "pack/bad", "Bad")
    tool.write("bad/start_point/manifest.json", "{}")
    run = tool.run("pack", "good", "bad", "absent")
    assert run.status == 3, run.output
    assert "required-keys" in run.stdout
    assert "absent" in run.stdout
    assert id_of(docker_client, "pack/good:LSP") == ""


def test_two_checkouts_of_one_name_are_refused(tool: Tool, docker_client: docker.DockerClient) -> None:
    checkout(tool, "first", "pack/shared", "First")
    checkout(tool, "second", "pack/shared", "Second")
    run = tool.run("pack", "first", "second")
    assert run.status == 5
    assert "pack/shared: first and second are both packed under this name" in run.stdout
    assert id_of(docker_client, "pack/shared:LSP") == ""


def test_packed_images_are_ready_to_build(tool: Tool, registry_base: str) -> None:
    checkout(tool, "ltf", "pack/chain", "Chain")
    assert tool.run("pack", "ltf").status == 0
    assert tool.run("check", "--pull", "never", "pack/chain:LSP").status == 0
    run = tool.run(
        "build", "--pull", "missing", "--base", registry_base, "-t", "pack/final:1", "pack/chain:LSP"
    )
    assert run.status == 0, run.output
