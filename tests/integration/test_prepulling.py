"""The one pull beside the probes, with a real engine and a real registry."""

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from msgspec.structs import replace

from lsp_assembler.model.readiness import Required
from lsp_assembler.model.reference import Reference
from lsp_assembler.service.access_log import Level
from lsp_assembler.service.marker import digest_of_set
from lsp_assembler.service.prepulling import Prepulling, PrepullOptions
from tests.integration.language_images import Languages
from tests.integration.support import Tool, free_port, id_of, images_yml, publish, wait_for
from tests.services import DockerEngine, Gate, Image, Registry, layer

_HASTY = PrepullOptions(first_backoff=0.05, longest_backoff=0.2)


class Running:
    """A `Prepulling` and what it said."""

    def __init__(self, docker_host: str, names: Sequence[str], options: PrepullOptions) -> None:
        self.said: list[str] = []
        self.prepulling = Prepulling(options, {"DOCKER_HOST": docker_host}, self.say)
        self.prepulling.want(names)

    def say(self, text: str, level: Level = Level.INFO) -> None:
        assert (level is Level.WARNING) == any(word in text for word in ("cannot", "gone", "no answer"))
        self.said.append(text)

    @property
    def is_ready(self) -> bool:
        return self.prepulling.readiness().ready


@contextmanager
def running(docker_host: str, names: Sequence[str], options: PrepullOptions = _HASTY) -> Iterator[Running]:
    """One that is closed in the end."""
    found = Running(docker_host, names, options)
    try:
        yield found
    finally:
        found.prepulling.close()
        found.prepulling.join()


def test_many_probes_start_one_pull(engine: DockerEngine, registry: Registry) -> None:
    with Gate(registry.host) as gate:
        languages = Languages(registry, "probes", gate.host)
        names = languages.publish("c", "java", "ruby")
        gate.hold("/v2/probes/java/")
        with running(engine.url, names, PrepullOptions(jobs=1)) as run:
            assert gate.holds.wait(60)
            heard: list[tuple[bool, int, int]] = []

            def probe() -> None:
                now = run.prepulling.readiness()
                heard.append((now.ready, now.pulled, now.of))

            probes = [threading.Thread(target=probe) for _ in range(200)]
            for each in probes:
                each.start()
            for each in probes:
                each.join()
            assert heard == [(False, 1, 3)] * 200
            gate.release()
            assert wait_for(lambda: run.is_ready, 60)
            assert run.prepulling.readiness().pulled == 3
            assert wait_for(lambda: len(run.said) == 2)
            assert run.said == ["pulling 3 of 3 language images", "all 3 language images are there"]
    assert set(languages.downloads("c", "java", "ruby").values()) == {1}


def test_a_registry_that_is_away_for_a_while(engine: DockerEngine, registry: Registry) -> None:
    with Gate(registry.host) as gate:
        languages = Languages(registry, "away", gate.host)
        (c,) = languages.publish("c")
        (java,) = languages.publish("java")
        with running(engine.url, [c]) as run:
            assert wait_for(lambda: run.is_ready, 60)
            gate.shut()
            run.prepulling.want([c, java])
            assert wait_for(lambda: java in run.prepulling.readiness().failed, 60)
            assert run.is_ready, "once ready, always ready"
            assert run.prepulling.readiness().pulled == 1
            assert "connection refused" in run.prepulling.readiness().failed[java]
            gate.open()
            assert wait_for(lambda: run.prepulling.readiness().pulled == 2, 60)
            assert run.prepulling.readiness().failed == {}
            assert wait_for(lambda: len(run.said) == 5)
        started, done, again, trouble, recovered = run.said
        assert (started, done) == ("pulling 1 of 1 language image", "the language image is there")
        assert (again, recovered) == ("pulling 1 of 2 language images", "all 2 language images are there")
        assert trouble.startswith(f"1 of 2 language images cannot be pulled: {java}: ")


def test_an_engine_that_comes_later_and_what_readiness_needs(
    engine: DockerEngine, registry: Registry
) -> None:
    languages = Languages(registry, "later", registry.host)
    (c,) = languages.publish("c")
    absent = f"{registry.host}/later/absent:4edf92a"
    port = free_port()
    with running(f"tcp://127.0.0.1:{port}", [c, absent]) as run:
        assert wait_for(lambda: len(run.prepulling.readiness().failed) == 2, 60)
        assert "no answer at" in run.prepulling.readiness().failed[c]
        assert wait_for(lambda: len(run.said) == 1)
        assert "; trying until it works. Start one (on Debian: " in run.said[0]
        assert not run.is_ready
        with Gate(engine.url, port):
            assert wait_for(lambda: run.prepulling.readiness().pulled == 1, 60)
            assert wait_for(lambda: "no such image" in run.prepulling.readiness().failed.get(absent, ""), 60)
            assert list(run.prepulling.readiness().failed) == [absent]
            assert not run.is_ready
    with running(engine.url, [c, absent], PrepullOptions(required=Required.ANY)) as run:
        assert wait_for(lambda: run.is_ready, 60)
    with running(f"tcp://127.0.0.1:{port}", [c], PrepullOptions(required=Required.NONE)) as run:
        assert run.is_ready


def test_marker(
    engine: DockerEngine, registry: Registry, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    languages = Languages(registry, "marker", registry.host)
    names = languages.publish("c", "java")
    marker = tmp_path / "all-pulled"
    marker.write_bytes(b"\xff\0 of somebody else\n")
    options = PrepullOptions(marker=marker, recheck=0.05, first_backoff=0.05)
    with running(engine.url, names, options) as run:
        assert not run.is_ready
        assert wait_for(lambda: run.is_ready, 60)
        assert wait_for(
            lambda: marker.read_text("utf-8", "replace") == f"{digest_of_set(map(Reference.parse, names))}\n"
        )
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with running(nobody, names[::-1], options) as run:
        assert run.is_ready, "the same set, without asking the engine"
    with running(nobody, names[:1], options) as run:
        assert not run.is_ready, "another set"
    docker_client.images.remove(names[0])
    with running(engine.url, names, options) as run:
        assert run.is_ready
        assert wait_for(lambda: len(run.said) == 2, 60)
        assert id_of(docker_client, names[0]), "it was pulled again"
    assert run.said == [
        f"1 of 2 language images is gone, pulling again: {names[0]}",
        "all 2 language images are there",
    ]


@contextmanager
def engine_on_a_disk(megabytes: int) -> Iterator[DockerEngine]:
    """An engine of its own, with a disk of its own."""
    engine = DockerEngine()
    data = engine.folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", data], check=True)
    try:
        with engine:
            yield engine
    finally:
        engine.stop()


def test_a_disk_that_is_full(engine: DockerEngine, registry: Registry, tmp_path: Path) -> None:
    assert engine.pid, "where the shared engine runs, so does this one"

    def put(name: str, content: bytes) -> str:
        registry.put_image(f"disk-full/{name}", "4edf92a", Image((layer({f"usr/{name}": content}),)))
        return f"{registry.host}/disk-full/{name}:4edf92a"

    ballast, wanted = put("ballast", bytes(24 * 1024 * 1024)), put("wanted", bytes(25 * 1024 * 1024))
    large = put("large", os.urandom(33 * 1024 * 1024))
    with engine_on_a_disk(40) as small:
        client = small.client()
        client.images.pull(ballast)
        with running(small.url, [wanted]) as run:
            assert wait_for(lambda: "disk is full" in run.prepulling.readiness().failed.get(wanted, ""), 60)
            client.images.remove(ballast)
            assert wait_for(lambda: run.is_ready, 60)
        client.close()
        tool = Tool(tmp_path, small.url)
        tool.write("images.yml", images_yml(publish(registry, "disk-full/large", "Large", image_name=large)))
        refused = tool.run("prepull", "images.yml")
    assert refused.status == 3, refused.output
    assert f"error: {small.folder}/data: " in refused.stderr
    assert "bytes are free there; at least 34," in refused.stderr
    assert "Free some space: 'docker system df' shows what takes it." in refused.stderr


def test_pulls_that_hear_nothing_are_given_up(engine: DockerEngine, registry: Registry) -> None:
    with Gate(registry.host) as gate:
        languages = Languages(registry, "silent", gate.host)
        (name,) = languages.publish("c")
        gate.hold("/v2/silent/c/blobs")
        with running(engine.url, [name], replace(_HASTY, stall_timeout=0.5)) as run:
            failed = run.prepulling.readiness
            assert wait_for(
                lambda: "the engine sent nothing for too long" in failed().failed.get(name, ""), 60
            )
            gate.release()
            assert wait_for(lambda: run.is_ready, 60)


def test_closing_abandons_the_pull_under_way(engine: DockerEngine, registry: Registry) -> None:
    with Gate(registry.host) as gate:
        languages = Languages(registry, "closing", gate.host)
        (name,) = languages.publish("c")
        gate.hold("/v2/closing/c/blobs")
        with running(engine.url, [name]) as run:
            assert gate.holds.wait(60)
        assert not run.is_ready


@pytest.mark.parametrize("required", Required)
def test_nothing_to_pull(engine: DockerEngine, required: Required) -> None:
    with running(engine.url, [], PrepullOptions(required=required)) as run:
        assert run.is_ready
