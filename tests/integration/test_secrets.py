"""Places in which a password or a signature may stand, and which must not show it: one run for each."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_assembler.oci.documents import DOCKER_MANIFEST
from tests.fakes.raw import RawServer
from tests.fakes.registry import FakeRegistry, Reply, error_reply
from tests.integration.support import NO_ENGINE, Run, Tool, labels, start_point
from tests.services import Image, layer

SECRET = "s3cr3t-Pa55"
LOGIN = f"me:{SECRET}"
TARGET = "/v2/a/b/manifests/LSP"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


def assert_silent(run: Run) -> None:
    assert run.status != 70, run.output
    for spelling in (SECRET, base64.b64encode(LOGIN.encode()).decode()):
        assert spelling not in run.output, run.output


ENGINES = [
    f"tcp://{LOGIN}@127.0.0.1:1",
    f"tcp://{SECRET}@127.0.0.1:1",
    f"https://{LOGIN}@127.0.0.1:1",
    f"ssh://{LOGIN}@engine",
    f"tcp://me:x/{SECRET}@engine:1",
    f"{LOGIN}@engine:1",
    f"foo://{LOGIN}@engine",
    f"tcp://engine:1?token={SECRET}",
]


@pytest.mark.parametrize("host", ENGINES)
@pytest.mark.parametrize("command", ["check", "build"])
def test_docker_host(tool: Tool, host: str, command: str) -> None:
    arguments = ["--from", "docker", "a/b:LSP"] if command == "check" else ["--tag", "a/b:1", "a/b:LSP"]
    assert_silent(tool.run(command, *arguments, DOCKER_HOST=host))


PROXIES = [
    f"http://{LOGIN}@127.0.0.1:1",
    f"http://{SECRET}@127.0.0.1:1",
    f"{LOGIN}@127.0.0.1:1",
    f"socks5h://{LOGIN}@127.0.0.1:1",
    f"ftp://{LOGIN}@127.0.0.1:1",
    f"http://{LOGIN}@127.0.0.1:99999",
    f"http://{LOGIN}@proxy.invalid:1",
    f"http://me:x/{SECRET}@127.0.0.1:1",
    f"http:/{LOGIN}@127.0.0.1:1",
]


@pytest.mark.parametrize("proxy", PROXIES)
def test_proxies(tool: Tool, proxy: str) -> None:
    registry = tool.run("check", "--patience", "1", "registry.invalid/a/b:LSP", HTTPS_PROXY=proxy)
    assert_silent(registry)
    environ = {"HTTP_PROXY": proxy, "DOCKER_HOST": "tcp://engine.invalid:2375"}
    assert_silent(tool.run("check", "--from", "docker", "a/b:LSP", **environ))


NAMES = [f"https://{LOGIN}@ghcr.io/a/b:LSP", f"{LOGIN}@ghcr.io/a/b:LSP", f"ghcr.io/a/b?token={LOGIN}@x"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_images(tool: Tool, name: str) -> None:
    assert_silent(tool.run("tags", name))


def signed(host: str, path: str = "/x") -> str:
    return f"http://{host}{path}?X-Amz-Signature={SECRET}"


ANSWERS: list[Callable[[str], Reply]] = [
    lambda host: Reply(307, {"Location": f"http://{LOGIN}@{host}/x"}),
    lambda host: Reply(307, {"Location": f"ftp://{LOGIN}@{host}/x"}),
    lambda host: Reply(307, {"Location": signed(host)}),
    lambda _: Reply(307, {"Location": signed("127.0.0.1:1")}),
    lambda _: Reply(307, {"Location": signed("127.0.0.1:99999")}),
    lambda host: Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{LOGIN}@{host}/token"'}),
    lambda host: Reply(401, {"WWW-Authenticate": f'Bearer realm="{signed(host, "/nothing")}"'}),
    lambda host: error_reply(500, "UNKNOWN", f"cannot get {signed(host)}: EOF"),
    lambda host: error_reply(404, "UNKNOWN", f"not at https://{LOGIN}@{host}/x"),
    lambda _: error_reply(403, "DENIED", f"the login {LOGIN} is wrong"),
    lambda _: error_reply(403, "DENIED", f"the password {SECRET} is wrong"),
    lambda _: error_reply(403, "DENIED", base64.b64encode(LOGIN.encode()).decode()),
]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_what_registries_say(tool: Tool, number: int) -> None:
    with FakeRegistry() as fake:
        fake.require_basic("nobody")
        login = {"auths": {fake.netloc: {"auth": base64.b64encode(LOGIN.encode()).decode()}}}
        tool.write(".docker/config.json", json.dumps(login))
        reply = ANSWERS[number](fake.netloc)
        fake.script(TARGET, Reply(401, {"WWW-Authenticate": "Basic"}), *[reply] * 9)
        assert_silent(tool.run("check", "--patience", "1", f"{fake.netloc}/a/b:LSP"))
        assert len(fake.seen_at(TARGET)) > 1


def test_list_of_tags_that_goes_on_at_a_signed_address(tool: Tool) -> None:
    link = {"Link": f'<http://127.0.0.1/x?sig={SECRET}; rel="next'}
    with FakeRegistry() as fake:
        fake.always("/v2/a/b/tags/list", Reply(200, link, b'{"tags": ["a"]}'))
        assert_silent(tool.run("tags", f"{fake.netloc}/a/b"))


def test_what_an_engine_says(tool: Tool) -> None:
    words = f'Get "https://cdn.example.com/x?verify={SECRET}": proxyconnect http://{LOGIN}@proxy: refused'

    def answer(connection: object, request: bytes) -> None:
        said = {"ApiVersion": "1.44"} if b"/version" in request else {"message": words}
        status = "200 OK" if b"/version" in request else "500 Oh"
        body = json.dumps(said).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)  # type: ignore[attr-defined]

    with RawServer(answer) as server:
        run = tool.run("check", "--from", "docker", "a/b:LSP", DOCKER_HOST=f"tcp://{server.netloc}")
    assert_silent(run)
    assert "proxyconnect http://proxy: refused" in run.output.replace("\n           ", " ")


REMOTES = [
    f"https://{LOGIN}@git.example.com/org/java",
    f"https://{SECRET}@git.example.com/org/java",
    f"ssh+git://{LOGIN}@git.example.com/org/java",
    f"git+https://{LOGIN}@git.example.com/org/java",
    f"ftp://{LOGIN}@git.example.com/org/java",
    f"hg::https://{LOGIN}@git.example.com/org/java",
    f"{LOGIN}@git.example.com:org/java",
    f"https://git.example.com/org/java?token={SECRET}",
    f"https://me:x/{SECRET}@git.example.com/org/java",
    f"ext::ssh -l {LOGIN} git.example.com",
]


@pytest.mark.parametrize("remote", REMOTES)
def test_git_remotes(tool: Tool, remote: str) -> None:
    checkout = tool.folder / "java"
    for path, entry in start_point("Java").items():
        tool.write(f"java/{path}", (entry[0] if isinstance(entry, tuple) else entry).decode())
    tool.write("java/docker/image_name.json", json.dumps({"image_name": "cyberdojofoundation/java_junit"}))
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", remote],
        ["add", "."],
        ["commit", "-qm", "x"],
    ):
        subprocess.run(["git", *identity, "-C", checkout, *command], check=True, capture_output=True)
    run = tool.run("pack", "--to", "oci:out", "--allow-dirty", "java")
    assert_silent(run)
    assert run.status == 0, run.output
    written = [path for path in (tool.folder / "out").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def test_label_of_an_image_that_others_made(tool: Tool) -> None:
    source = {"org.opencontainers.image.source": f"https://{LOGIN}@git.example.com/org/java"}
    image = Image((layer(start_point("Java")),), labels("Java") | source)
    with FakeRegistry() as fake:
        for blob in image.blobs():
            fake.put_blob("a/b", "x", blob)
        fake.put_manifest("a/b", "LSP", image.manifest(), DOCKER_MANIFEST)
        run = tool.run("check", "--format", "json", f"{fake.netloc}/a/b:LSP")
        assert run.status == 0, run.output
        assert run.json["start_points"][0]["url"] == "https://git.example.com/org/java"
        assert_silent(run)


@pytest.mark.parametrize("list_", [f"https://{LOGIN}@git.example.com/org/java", f"foo://{LOGIN}@x/y?tag=1"])
def test_lists_to_migrate(tool: Tool, list_: str) -> None:
    tool.write("urls.txt", f"{list_}\n")
    assert_silent(tool.run("migrate", "urls.txt"))


@pytest.mark.parametrize("mirror", [f"{LOGIN}@127.0.0.1:1", f"https://{LOGIN}@127.0.0.1:1/hub"])
def test_mirrors(tool: Tool, mirror: str) -> None:
    tool.write("images.yml", f"registries:\n  docker.io:\n    mirror: '{mirror}'\nimages:\n  - a/b:LSP\n")
    assert_silent(tool.run("check", "--patience", "1"))
