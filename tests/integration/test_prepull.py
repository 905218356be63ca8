"""`prepull` with a real engine and a real registry."""

import base64
import itertools
import json
import signal
from pathlib import Path

import docker
import pytest

from tests.integration.language_images import Languages
from tests.integration.support import Tool, ended, id_of, images_yml
from tests.services import DockerEngine, Gate, Image, Login, Registry


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url)


def missing_of(*images: Image) -> int:
    """The compressed bytes of all layers, each once, as manifests have them."""
    layers = [each for image in images for each in json.loads(image.manifest())["layers"]]
    return sum({each["digest"]: each["size"] for each in layers}.values())


def test_dry_run_says_what_the_manifests_say_and_changes_nothing(
    tool: Tool, registry: Registry, docker_client: docker.DockerClient
) -> None:
    languages = Languages(registry, "dry", registry.host)
    names = languages.publish("c", "java", "ruby")
    tool.write("images.yml", images_yml(*languages.start_points(names)))
    images = [languages.image(name) for name in ("c", "java", "ruby")]
    rest = [missing_of(*images[:count]) for count in range(4)]

    dry = tool.run("prepull", "images.yml", "--dry-run", "--format", "json")
    assert dry.status == 0, dry.output
    assert dry.json["missing_bytes"] == missing_of(*images)
    assert [each["missing_bytes"] for each in dry.json["images"]] == [
        after - before for before, after in itertools.pairwise(rest)
    ]
    assert [(each["name"], each["state"]) for each in dry.json["images"]] == [
        (name, "missing") for name in names
    ]
    assert not any(id_of(docker_client, name) for name in names)

    docker_client.images.pull(names[1])
    again = tool.run("prepull", "images.yml", "--dry-run", "--format", "json")
    shared = missing_of(images[0]) - (missing_of(*images[:2]) - missing_of(images[1]))
    assert again.json["missing_bytes"] == missing_of(*images) - missing_of(images[1])
    assert shared < missing_of(images[0])
    assert [each["state"] for each in again.json["images"]] == ["missing", "there", "missing"]


def test_pulls_what_is_missing_and_reports_every_failure_in_order(
    tool: Tool, registry: Registry, docker_client: docker.DockerClient
) -> None:
    languages = Languages(registry, "all", registry.host)
    names = [*languages.publish("c", "java"), f"{registry.host}/all/absent:4edf92a"]
    names.insert(0, f"{registry.host}/all/nowhere:1234567")
    tool.write("images.yml", images_yml(*languages.start_points(names)))

    run = tool.run("prepull", "images.yml", "--format", "json")
    assert run.status == 3, run.output
    assert [each["state"] for each in run.json["images"]] == ["failed", "pulled", "pulled", "failed"]
    assert "no such image or tag" in run.json["images"][0]["problem"]
    assert all(id_of(docker_client, name) for name in names[1:3])
    assert set(languages.downloads("c", "java").values()) == {1}, "a shared layer is downloaded once"
    text = tool.run("prepull", "images.yml")
    assert text.status == 3
    assert "2 of 4 language images are there; 2 could not be pulled." in text.stdout
    assert f"\n{'':12}Check the name and its tag" in text.stdout


def test_from_an_image_and_from_checkouts(
    tool: Tool, registry: Registry, registry_base: str, docker_client: docker.DockerClient
) -> None:
    languages = Languages(registry, "built", registry.host)
    names = languages.publish("c", "java")
    sources = languages.start_points(names)
    built = f"{registry.host}/built/start-points:1"
    tool.write("images.yml", images_yml(*sources, name=built, base=registry_base))
    assert tool.run("build", "--to", "registry").status == 0
    checkout = {"display_name": "C", "image_name": names[0], "visible_filenames": ["cyber-dojo.sh"]}
    tool.write("c/start_point/manifest.json", json.dumps(checkout))

    one = tool.run("prepull", "./c", "--format", "json")
    assert [(each["name"], each["state"]) for each in one.json["images"]] == [(names[0], "pulled")], (
        one.output
    )
    both = tool.run("prepull", built, "--format", "json")
    assert both.status == 0, both.output
    assert [each["state"] for each in both.json["images"]] == ["there", "pulled"]
    assert all(id_of(docker_client, name) for name in names)


def test_prune_removes_old_images_but_no_start_point_and_nothing_in_use(
    tool: Tool, registry: Registry, docker_client: docker.DockerClient
) -> None:
    languages = Languages(registry, "prune", registry.host)
    (used,) = languages.publish("c", tag="0000001")
    (old,) = languages.publish("c", tag="0000002")
    (other,) = languages.publish("other", tag="0000003")
    names = languages.publish("c")
    (start_point,) = languages.start_points(names)
    tool.write("images.yml", images_yml(start_point))
    for name in (used, old, other, start_point):
        docker_client.images.pull(name)
    docker_client.images.get(names[0].replace("4edf92a", "0000002")).tag("kept/elsewhere", "1")
    container = docker_client.containers.create(used, "never-started")

    refused = tool.run("prepull", "images.yml", "--prune")
    assert refused.status == 2
    assert "there is no terminal to ask on" in refused.stderr
    dry = tool.run("prepull", "images.yml", "--prune", "--dry-run")
    assert f"  remove    {old}\n" in dry.stdout, dry.output
    assert id_of(docker_client, old)
    run = tool.run("prepull", "images.yml", "--prune", "--yes", "--format", "json")
    assert run.status == 0, run.output
    assert run.json["old"] == [
        {"name": used, "kept": "a container uses it"},
        {"name": old, "kept": None},
    ]
    there = {name: bool(id_of(docker_client, name)) for name in (used, old, other, start_point, names[0])}
    assert there == {used: True, old: False, other: True, start_point: True, names[0]: True}
    assert id_of(docker_client, "kept/elsewhere:1")
    container.remove()
    docker_client.images.remove("kept/elsewhere:1")


def test_killed_in_the_middle_the_next_run_finishes(tool: Tool, registry: Registry) -> None:
    with Gate(registry.host) as gate:
        languages = Languages(registry, "killed", gate.host)
        names = languages.publish("c", "java", "ruby")
        tool.write("images.yml", images_yml(*languages.start_points(names)))
        gate.hold("HEAD /v2/killed/java/")  # as the engine asks first, and we do not
        process = tool.start("prepull", "images.yml", "--jobs", "1", "--from", "registry")
        assert gate.holds.wait(60)
        killed, _ = ended(process, signal.SIGKILL)
        assert killed.status == -signal.SIGKILL, killed.output
        gate.release()
        run = tool.run("prepull", "images.yml", "--format", "json")
        assert run.status == 0, run.output
        assert [each["state"] for each in run.json["images"]] == ["there", "pulled", "pulled"]
        assert set(languages.downloads("c", "ruby").values()) == {1}, "java was abandoned half-way"


def test_login_of_the_users_configuration(tool: Tool, private_registry: Registry, login: Login) -> None:
    languages = Languages(private_registry, "private", private_registry.host)
    tool.write("images.yml", images_yml(*languages.start_points(languages.publish("c"))))
    word = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    config = json.dumps({"auths": {private_registry.host: {"auth": word}}})
    folder = tool.write("docker/config.json", config).parent
    run = tool.run("prepull", "images.yml", "--format", "json", DOCKER_CONFIG=str(folder))
    assert run.status == 0, run.output
    assert [each["state"] for each in run.json["images"]] == ["pulled"]
