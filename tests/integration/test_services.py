"""The servers that the other tests stand on do what those tests take for granted."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
import urllib3

from tests import ROOT
from tests.corpus import CorpusStartPoint
from tests.services import (
    DockerEngine,
    Image,
    Login,
    RealisticRegistry,
    Registry,
    import_base_image,
    layer,
)
from tests.services.image import MANIFEST_TYPES, Format, digest_of
from tests.services.link import Speed
from tests.services.process import Server, ServiceError, missing
from tests.services.traffic import connections_to_hosts, requests_to_hosts


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


Curl = Callable[..., tuple[str, str]]


@pytest.fixture
def curl(realistic: RealisticRegistry) -> Curl:
    """Ask without following redirects; the status, and headers (with lower-case names) and body as text."""
    if missing("curl"):
        pytest.skip(missing("curl"))

    def ask(url: str, *options: str) -> tuple[str, str]:
        command = ["curl", "-qsS", "--cacert", str(realistic.ca), "-i", *options, f"https://{url}"]
        text = subprocess.run(command, check=True, capture_output=True).stdout.decode("latin-1")
        return text.split()[1], text

    return ask


def bearer(realistic: RealisticRegistry, *scopes: str) -> tuple[str, str]:
    return "-H", f"Authorization: Bearer {realistic.token(*scopes)}"


def test_realistic_registry_challenges_for_each_repository(realistic: RealisticRegistry, curl: Curl) -> None:
    realm = f'Bearer realm="https://{realistic.tokens_host}/token",service="{realistic.host}"'
    assert f"www-authenticate: {realm}\r\n" in curl(f"{realistic.host}/v2/")[1]
    for options, scope in (
        ((), "repository:a/b:pull"),
        (("-X", "POST"), "repository:a/b:pull,push"),
        (("-X", "DELETE"), "repository:a/b:delete"),
    ):
        status, text = curl(f"{realistic.host}/v2/a/b/manifests/LSP", *options)
        assert status == "401"
        assert f'www-authenticate: {realm},scope="{scope}"\r\n' in text
    mount = f"{realistic.host}/v2/a/b/blobs/uploads/?mount=sha256:{'0' * 64}&from=c%2Fd"
    lacking = curl(mount, "-X", "POST", *bearer(realistic, "repository:a/b:pull,push"))[1]
    assert 'scope="repository:a/b:pull,push repository:c/d:pull",error="insufficient_scope"' in lacking
    both = bearer(realistic, "repository:a/b:pull,push repository:c/d:pull")
    assert curl(mount, "-X", "POST", *both)[0] == "202"


def test_token_is_good_for_the_scopes_that_were_asked_for(realistic: RealisticRegistry, curl: Curl) -> None:
    for repository in ("scoped/one", "scoped/two", "scoped/three", "private/four"):
        realistic.behind.put_image(repository, "LSP", Image((layer({"a": b"a"}),)))
    scopes = "&".join(
        f"scope=repository:{each}:pull" for each in ("scoped/one", "scoped/two", "private/four")
    )
    for login, allowed in ((), "200 200 401 401"), (("-u", "assembler:open-sesame"), "200 200 401 200"):
        token = json.loads(
            curl(f"{realistic.tokens_host}/token?{scopes}", *login)[1].partition("\r\n\r\n")[2]
        )
        header = ("-H", f"Authorization: Bearer {token['token']}", "-H", f"Accept: {MANIFEST_TYPES[0]}")
        statuses = [
            curl(f"{realistic.host}/v2/{each}/manifests/LSP", *header)[0]
            for each in ("scoped/one", "scoped/two", "scoped/three", "private/four")
        ]
        assert " ".join(statuses) == allowed
    assert curl(f"{realistic.tokens_host}/token?{scopes}", "-u", "assembler:guessed")[0] == "401"
    assert curl(f"{realistic.tokens_host}/token", "-X", "POST")[0] == "405"


def test_blob_is_served_by_a_third_host_to_who_shows_no_token(
    realistic: RealisticRegistry, curl: Curl
) -> None:
    image = Image((layer({"a": b"a"}),))
    realistic.behind.put_image("blobs/a", "LSP", image)
    blob = image.blobs()[1]
    token = bearer(realistic, "repository:blobs/a:pull", "repository:blobs/b:pull")
    status, text = curl(f"{realistic.host}/v2/blobs/a/blobs/{digest_of(blob)}", *token)
    place = text.partition(f"location: https://{realistic.blobs_host}/")[2].partition("\r\n")[0]
    assert status == "307"
    status, text = curl(f"{realistic.blobs_host}/{place}")
    assert (status, text.partition("\r\n\r\n")[2].encode("latin-1")) == ("200", blob)
    assert curl(f"{realistic.blobs_host}/{place}", *token)[0] == "400"
    assert curl(f"{realistic.blobs_host}/{place.partition('?')[0]}")[0] == "403"
    assert curl(f"{realistic.host}/v2/blobs/b/blobs/{digest_of(blob)}", *token)[0] == "404"


def test_log_of_the_realistic_registry_tells_hosts_connections_and_proofs(
    realistic: RealisticRegistry, curl: Curl
) -> None:
    before = len(realistic.requests())
    nowhere = f"{realistic.blobs_host}/nowhere"
    again = ("--next", "-qsS", "--cacert", str(realistic.ca), "--http1.1")
    curl(nowhere, "--http1.1", *bearer(realistic), f"https://{nowhere}", *again)
    curl(f"{realistic.tokens_host}/token?scope=a", "-u", "assembler:open-sesame")
    first, second, third = requests = realistic.requests()[before:]
    assert (first.host, first.protocol, first.authorization) == ("blobs", "HTTP/1.1", "Bearer")
    assert (second.host, second.connection, second.authorization) == ("blobs", first.connection, "")
    assert (third.host, third.protocol, third.authorization) == ("tokens", "HTTP/2.0", "Basic")
    assert (first.status, third.method, third.path) == (404, "GET", "/token?scope=a")
    assert requests_to_hosts(requests) == {"blobs": 2, "tokens": 1}
    assert connections_to_hosts(requests) == {"blobs": 1, "tokens": 1}


def test_realistic_registry_can_do_without_http2_and_be_far_away() -> None:
    with RealisticRegistry(speed=Speed(rtt=0.1, megabits=100), http2=False) as far:
        folder, behind, pid = far.folder, far.behind.folder, far.pid
        began = time.monotonic()
        command = ["curl", "-qsS", "--cacert", str(far.ca), f"https://{far.host}/v2/"]
        subprocess.run(command, check=True, capture_output=True)
        assert time.monotonic() - began >= 0.3  # TCP, TLS, and the request
        assert [request.protocol for request in far.requests()] == ["HTTP/1.1"]
        assert alive(pid)
    assert not alive(pid)
    assert not folder.exists()
    assert not behind.exists()
    assert not processes_of(folder)


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
