"""The servers that the other tests stand on do what those tests take for granted."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import docker
import pytest
import urllib3

from tests import ROOT
from tests.corpus import CorpusStartPoint
from tests.services import DockerEngine, Image, Login, Registry, import_base_image, layer
from tests.services.image import Format, digest_of
from tests.services.process import Server, ServiceError


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that have this folder among their arguments."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(entry.read_text(errors="replace"))
    return [command for command in commands if str(folder) in command]


def test_base_image_in_engine_has_its_environment_and_folder_and_always_the_same_id(
    docker_client: docker.DockerClient, engine_base: str
) -> None:
    image = docker_client.images.get(engine_base)
    config = image.attrs["Config"]
    variables = dict(variable.split("=", 1) for variable in config["Env"])
    assert len(variables["SHA"]) == 40
    assert config["WorkingDir"] == "/app"
    before = image.id
    import_base_image(docker_client)
    assert docker_client.images.get(engine_base).id == before


@pytest.mark.parametrize("image_format", ["docker", "oci"])
def test_engine_pulls_what_was_put_into_the_registry(
    docker_client: docker.DockerClient, registry: Registry, image_format: Format
) -> None:
    files = {"start_point/hiker.sh": (b"echo 42\n", 0o755)}
    image = Image((layer(files),), {"org.opencontainers.image.version": "4edf92a"}, format=image_format)
    digest = registry.put_image(f"services/{image_format}", "LSP", image)

    name = f"{registry.host}/services/{image_format}"
    pulled = docker_client.images.pull(name, "LSP")

    assert f"{name}@{digest}" in pulled.attrs["RepoDigests"]
    assert pulled.labels == {"org.opencontainers.image.version": "4edf92a"}
    container = docker_client.containers.create(pulled, "never-started")
    try:
        chunks, _ = container.get_archive("/start_point/hiker.sh")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            assert tar.getmember("hiker.sh").mode & 0o777 == 0o755
    finally:
        container.remove()


def test_registry_tells_a_tag_that_is_there_from_one_that_is_not(registry: Registry) -> None:
    digest = registry.put_image("services/tags", "here", Image((layer({"a": b"a"}),)))
    assert registry.digest("services/tags", "here") == digest
    assert registry.digest("services/tags", "absent") is None


def test_registry_keeps_any_bytes_as_a_layer(registry: Registry) -> None:
    image = Image((b"this is no tar",))
    registry.put_image("services/hostile", "LSP", image)
    blob = image.blobs()[1]
    answer = registry.request("GET", f"/v2/services/hostile/blobs/{digest_of(blob)}")
    assert answer.data == blob


def test_base_image_in_registry_is_there_for_two_platforms(
    docker_client: docker.DockerClient, registry_base: str
) -> None:
    data = docker_client.images.get_registry_data(registry_base)
    assert [platform["architecture"] for platform in data.attrs["Platforms"]] == ["amd64", "arm64"]


def test_private_registry_lets_in_its_user_only(private_registry: Registry, login: Login) -> None:
    image = Image((layer({"a": b"a"}),))
    digest = private_registry.put_image("services/secret", "LSP", image)
    assert private_registry.digest("services/secret", "LSP") == digest

    statuses = [
        urllib3.request("GET", f"http://{private_registry.host}/v2/", headers=headers).status
        for headers in (
            {},
            urllib3.make_headers(basic_auth=f"{login.user}:guessed"),
            urllib3.make_headers(basic_auth=f"{login.user}:{login.password}"),
        )
    ]
    assert statuses == [401, 401, 200]


def test_corpus_is_published_under_the_names_of_its_manifests(
    corpus: tuple[CorpusStartPoint, ...], corpus_images: tuple[str, ...], registry: Registry
) -> None:
    assert len(corpus) == len(set(corpus_images)) == 84
    java = next(start_point for start_point in corpus if start_point.name == "java-junit")
    assert java.repository == "cyber-dojo-languages/java_junit"
    assert f"{registry.host}/{java.repository}:LSP" in corpus_images
    assert registry.digest(java.repository, "LSP") == digest_of(java.lsp_image().manifest())


def test_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    server = Server(["sh", "-c", "echo no room left; exit 3"], tmp_path / "log")
    with pytest.raises(ServiceError, match=r"sh ended with status 3; the end of its log:\nno room left"):
        server.wait_until(lambda: False, 10)


def test_server_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    server = Server(["sleep", "60"], tmp_path / "log")
    with pytest.raises(ServiceError, match=r"sleep was not ready within 0\.2 s"):
        server.wait_until(lambda: False, 0.2)
    assert not alive(server.pid)


def test_stopped_engine_leaves_nothing_and_leaves_others_alone(engine: DockerEngine) -> None:
    with DockerEngine() as other:
        folder = other.folder
        assert processes_of(folder)
    assert not processes_of(folder)
    assert not folder.exists()
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert alive(engine.pid)


def test_killed_run_leaves_no_server(registry: Registry) -> None:
    assert alive(registry.pid)
    program = (
        "import time; from tests.services import Registry; r = Registry(); r.start();"
        "print(r.pid, r.folder, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    pid, folder = run.stdout.readline().split()
    assert alive(int(pid))
    run.kill()
    run.communicate()
    deadline = time.monotonic() + 10
    while processes_of(Path(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    still_there = processes_of(Path(folder))
    if still_there:
        os.kill(int(pid), signal.SIGKILL)
    shutil.rmtree(folder)
    assert not still_there
