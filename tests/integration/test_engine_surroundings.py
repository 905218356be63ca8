"""Engines where the environment says they are: behind ssh, behind TLS, in contexts, and nowhere at all."""

import hashlib
import json
import ssl
import sys
from pathlib import Path

import pytest

from tests.fakes.certificate import make_certificate
from tests.fakes.raw import RawServer
from tests.fakes.registry import FakeRegistry
from tests.integration.support import Tool, publish
from tests.need import need
from tests.services import DockerEngine, Registry
from tests.services.process import missing

_DIAL = """#!{python} -IS
import os, socket, sys, threading
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
there = socket.socket(socket.AF_UNIX)
there.connect({path!r})
def send():
    while data := os.read(0, 65536):
        there.sendall(data)
    os._exit(0)
threading.Thread(target=send, daemon=True).start()
while data := there.recv(65536):
    os.write(1, data)
"""


def put_ssh(tool: Tool, text: str) -> None:
    """Let the run find this program as ssh."""
    program = tool.write("bin/ssh", text)
    program.chmod(0o755)


def path_with(tool: Tool) -> str:
    return f"{tool.folder / 'bin'}:{tool.variables()['PATH']}"


def test_engine_behind_ssh(engine: DockerEngine, registry: Registry, tmp_path: Path) -> None:
    tool = Tool(tmp_path, "ssh://me@engine:2222")
    log = tmp_path / "log"
    path = engine.url.removeprefix("unix://")
    put_ssh(tool, _DIAL.format(python=sys.executable, path=path, log=str(log)))
    sources = [publish(registry, f"ssh/java{number}", f"Java {number}") for number in range(12)]
    run = tool.run("check", "--from", "docker", *sources, PATH=path_with(tool))
    assert run.status == 0, run.output
    calls = log.read_text().splitlines()
    expected = "-o BatchMode=yes -o ConnectTimeout=10 -T -l me -p 2222 -- engine docker system dial-stdio"
    assert set(calls) == {expected}
    assert len(calls) <= 16
    at_a_path = Tool(tmp_path, "ssh://engine/run/d x.sock")
    run = at_a_path.run("check", "--from", "docker", sources[0], PATH=path_with(tool))
    assert run.status == 0, run.output
    ending = "-T -- engine docker '--host=unix:///run/d x.sock' system dial-stdio"
    assert log.read_text().splitlines()[-1].endswith(ending)


def test_ssh_that_fails_says_why(tmp_path: Path) -> None:
    tool = Tool(tmp_path, "ssh://me@engine")
    put_ssh(tool, "#!/bin/sh\necho 'me@engine: Permission denied (publickey).' >&2\nexit 255\n")
    run = tool.run("check", "--from", "docker", "a/b:LSP", PATH=path_with(tool))
    assert run.status == 3, run.output
    assert "no answer at ssh://engine (me@engine: Permission denied (publickey).)" in run.stderr
    assert "See that 'ssh me@engine docker version' works, without a question" in run.stderr


def test_no_ssh(tmp_path: Path) -> None:
    tool = Tool(tmp_path, "ssh://me@engine")
    run = tool.run("check", "--from", "docker", "a/b:LSP", PATH=str(tmp_path))
    assert run.status == 3, run.output
    assert "ssh://engine needs the program ssh, which is not on PATH" in run.stderr
    assert "openssh-client" in run.stderr
    assert "docker.io" not in run.stderr


def test_context_without_a_configuration(engine: DockerEngine, registry: Registry, tmp_path: Path) -> None:
    tool = Tool(tmp_path, "")
    own = hashlib.sha256(b"office").hexdigest()
    meta = {"Name": "office", "Metadata": {}, "Endpoints": {"docker": {"Host": engine.url}}}
    for folder in (".docker", "elsewhere"):
        tool.write(f"{folder}/contexts/meta/{own}/meta.json", json.dumps(meta))
    source = publish(registry, "context/java", "Java")
    for more in ({}, {"DOCKER_CONFIG": str(tmp_path / "elsewhere")}):
        run = tool.run("check", "--from", "docker", source, DOCKER_CONTEXT="office", **more)
        assert run.status == 0, run.output


SURROUNDINGS = [
    {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1"},
    {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CERT_PATH": "/nowhere"},
    {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CERT_PATH": "/dev/null", "DOCKER_TLS_VERIFY": "yes"},
    {"DOCKER_HOST": "foo"},
    {"DOCKER_HOST": "tcp://"},
    {"DOCKER_HOST": "unix:/x"},
    {"DOCKER_HOST": "http://h:99999"},
    {"DOCKER_HOST": "tcp://me:s3cret@h:1"},
    {"DOCKER_HOST": "", "DOCKER_CONTEXT": "nowhere"},
    {"DOCKER_HOST": "", "DOCKER_CONTEXT": "\udcff"},
    {"DOCKER_HOST": "unix:///nowhere", "DOCKER_CONFIG": "odd"},
]


@pytest.mark.parametrize("surroundings", SURROUNDINGS, ids=lambda value: " ".join(value.values())[:40])
def test_an_engine_that_cannot_be_used_is_as_good_as_none(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    tool = Tool(tmp_path, "")
    tool.write("odd/config.json", "[]")
    with FakeRegistry() as fake:
        absent = f"{fake.netloc}/a/b:LSP"
        automatic = tool.run("check", absent, **surroundings)
        assert automatic.status == 3, automatic.output
        assert "no such image or tag" in automatic.stdout
        asked = tool.run("check", "--from", "docker", absent, **surroundings)
        assert asked.status in (2, 3), asked.output
        if "nowhere" not in surroundings["DOCKER_HOST"]:
            assert "docker.io" not in asked.stderr
    assert "s3cret" not in automatic.output + asked.output
    assert "has a bug" not in automatic.output + asked.output


def test_an_engine_with_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    need(missing("openssl"))
    (tmp_path / "other").mkdir()
    both, other = make_certificate(tmp_path), make_certificate(tmp_path / "other")
    folder = tmp_path / "certificates"
    folder.mkdir()
    for name, source in (("ca.pem", other), ("cert.pem", both), ("key.pem", both)):
        (folder / name).write_bytes(source.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with FakeRegistry() as server:
        server.wrap(context)
        tool = Tool(tmp_path, f"tcp://{server.netloc}")
        environ = {"DOCKER_CERT_PATH": str(folder), "DOCKER_TLS_VERIFY": "1"}
        run = tool.run("check", "--from", "docker", "a/b:LSP", **environ)
        assert run.status == 3, run.output
        assert f"no answer at {tool.docker_host} (certificate verify failed" in run.stderr
        assert "those that DOCKER_CERT_PATH or the context has for it" in run.stderr


ANSWERS = [
    b"",
    b"SSH-2.0-OpenSSH\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    b"HTTP/1.1 999999999999 OK\r\n\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    *(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body
        for body in (b"[]", b"5", b"{}", b'{"ApiVersion": 5}', b'{"ApiVersion": "x.y"}', b"[" * 200_000)
    ),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda value: str(value[-20:]))
def test_what_is_no_engine(tmp_path: Path, answer: bytes) -> None:
    with RawServer(lambda connection, _: connection.sendall(answer)) as server:
        tool = Tool(tmp_path, f"tcp://{server.netloc}")
        run = tool.run("check", "--from", "docker", "--stall-timeout", "2", "a/b:LSP")
    assert run.status == 3, run.output
    said = (f"no answer at {tool.docker_host} (", "the engine does not describe the image")
    assert any(words in run.output for words in said), run.output
