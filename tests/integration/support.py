"""What the tests of the command line share: the tool as a process, images to feed it, networks that fail."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from tests import PACKAGE_PATH
from tests.services import Image, Registry, layer

SCRIPT = Path(sys.executable).with_name("lsp-assembler")
NO_ENGINE = "unix:///nowhere/docker.sock"
RUN_LABEL = "org.cyber-dojo.lsp-assembler.run"
REVISION = "4edf92a8c7d6e5f40312233445566778899aabbc"
_SECONDS = 100.0
_CHUNK = 1024


@dataclass(frozen=True)
class Run:
    """What a finished process of the tool left: its exit status and all that it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What stands on stdout, which must be one JSON document."""
        return json.loads(self.stdout)

    @property
    def output(self) -> str:
        """Both streams, for an assertion to show."""
        return f"{self.stderr}{self.stdout}"


@dataclass(frozen=True)
class Tool:
    """The installed `lsp-assembler`, run as a user would, in a folder and an environment of its own.

    Args:
        folder: the working directory and the home.
        docker_host: what DOCKER_HOST is, e.g. "unix:///tmp/lsp-engine-x1/s".
        environment: further variables.
    """

    folder: Path
    docker_host: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: object, **environment: str) -> Run:
        """Run a command to its end."""
        process = self.start(*arguments, **environment)
        stdout, stderr = process.communicate(timeout=_SECONDS)
        return Run(process.returncode, stdout, stderr)

    def start(self, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        """Start a command, with both streams in pipes."""
        return subprocess.Popen(
            [SCRIPT, *map(str, arguments)],
            cwd=self.folder,
            env=self.variables(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def variables(self, **environment: str) -> dict[str, str]:
        """The whole environment of a run; nothing of the caller's but PATH."""
        path = f"{SCRIPT.parent}:{os.environ.get('PATH', os.defpath)}"
        own = {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "DOCKER_HOST": self.docker_host}
        own |= PACKAGE_PATH
        return {**own, **self.environment, **environment}

    def write(self, name: str, text: str) -> Path:
        """Write a file beside which the tool runs, e.g. images.yml."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def manifest(
    display_name: str, image_name: str = "cyberdojofoundation/java_junit:4edf92a", **keys: Any
) -> bytes:
    """A manifest that keeps every rule, unless `keys` (None leaves one out) say otherwise."""
    body = {
        "display_name": display_name,
        "image_name": image_name,
        "visible_filenames": ["cyber-dojo.sh", "hiker.txt"],
        "filename_extension": [".txt"],
        "tab_size": 4,
        **keys,
    }
    return json.dumps({key: value for key, value in body.items() if value is not None}, indent=2).encode()


def start_point(display_name: str, **keys: Any) -> dict[str, bytes | tuple[bytes, int]]:
    """The files of a start point, by path, that keeps every rule unless `keys` say otherwise."""
    return {
        "start_point/cyber-dojo.sh": (b"echo 42\n", 0o775),
        "start_point/hiker.txt": (b"42\n", 0o664),
        "start_point/manifest.json": manifest(display_name, **keys),
    }


def labels(title: str) -> dict[str, str]:
    """The labels of an LSP image."""
    return {
        "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
        "org.opencontainers.image.revision": REVISION,
        "org.opencontainers.image.source": "https://github.com/cyber-dojo-start-points/java-junit",
        "org.opencontainers.image.title": title,
    }


def publish(registry: Registry, repository: str, display_name: str, **keys: Any) -> str:
    """Put an LSP image into a registry; returns its name, e.g. "127.0.0.1:41234/good/java:LSP"."""
    image = Image((layer(start_point(display_name, **keys)),), labels(display_name))
    registry.put_image(repository, "LSP", image)
    return f"{registry.host}/{repository}:LSP"


def images_yml(*images: str, name: str = "cyberdojo/tests:1", base: str = "") -> str:
    """The text of an images.yml."""
    head = f"name: {name}\n" + (f"base: {base}\n" if base else "")
    return head + "images:\n" + "".join(f"  - {image}\n" for image in images)


@dataclass(frozen=True)
class Entry:
    """A file or (content None) directory of an image, with what tar says of it."""

    content: bytes | None
    mode: int
    uid: int
    gid: int
    mtime: int


def folder_of(client: docker.DockerClient, image: str, folder: str) -> dict[str, Entry]:
    """All that an image of the engine holds in a folder, by path relative to the folder."""
    container = client.containers.create(image, "never-started")
    try:
        chunks, _ = container.get_archive(folder)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            return dict(_entries(tar))
    finally:
        container.remove()


def _entries(tar: tarfile.TarFile) -> Iterator[tuple[str, Entry]]:
    for member in tar:
        stream = tar.extractfile(member) if member.isreg() else None
        content = stream.read() if stream else None
        path = member.name.partition("/")[2]
        yield path, Entry(content, member.mode & 0o7777, member.uid, member.gid, int(member.mtime))


def id_of(client: docker.DockerClient, name: str) -> str:
    """The id that a name has in the engine; "" if it has none."""
    with contextlib.suppress(docker.errors.ImageNotFound):
        return str(client.images.get(name).id)
    return ""


def throwaways(client: docker.DockerClient) -> list[str]:
    """The ids of all containers that runs of the tool made and did not remove yet."""
    found = client.api.containers(all=True, filters={"label": RUN_LABEL})
    return [str(container["Id"]) for container in found]


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Whether a condition came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def sleep_in(process: "subprocess.Popen[str]", seconds: float) -> None:
    """Sleep for so long after a run has begun to listen to signals, which takes long on a busy machine."""
    status = Path(f"/proc/{process.pid}/status")
    caught = re.compile(r"^SigCgt:\s*(\w+)$", re.MULTILINE)
    assert wait_for(
        lambda: (
            process.poll() is not None
            or int(caught.findall(status.read_text())[0], 16) >> (signal.SIGTERM - 1) & 1
        )
    )
    time.sleep(seconds)


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[Run, float]:
    """Send a signal; what the process left, and how many seconds it took to end."""
    began = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=_SECONDS)
    return Run(process.returncode, stdout, stderr), time.monotonic() - began


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Silence:
    """A server that accepts connections and never says a word: `with Silence() as host: …`."""

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.close()


class SlowLink:
    """A way to a registry that takes its time: `with SlowLink(registry.host, 0.2) as host: …`.

    Args:
        host: e.g. "127.0.0.1:41234".
        delay: seconds that each piece of an answer is held back.
    """

    def __init__(self, host: str, delay: float) -> None:
        name, _, port = host.partition(":")
        self._target = (name, int(port))
        self._delay = delay
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()

    def __enter__(self) -> str:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open.add(self._server)
        threading.Thread(target=self._accept, daemon=True).start()
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for each in tuple(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                target = socket.create_connection(self._target)
            except OSError:
                return
            self._open |= {client, target}
            for arguments in ((client, target, 0.0), (target, client, self._delay)):
                threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, delay: float) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK * 64):
                self._closing.wait(delay)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def raw_layer(*members: tarfile.TarInfo) -> bytes:
    """A layer with members that no honest tool makes, beside a good start point."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in start_point("Hostile").items():
            data = content if isinstance(content, bytes) else content[0]
            good = tarfile.TarInfo(path)
            good.size = len(data)
            tar.addfile(good, io.BytesIO(data))
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return output.getvalue()


def member(path: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """A member for `raw_layer`, e.g. member("start_point/l", tarfile.SYMTYPE, "/etc/passwd")."""
    info = tarfile.TarInfo(path)
    info.type, info.linkname, info.size = kind, target, size
    return info


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder with a fixed author and date; what it prints."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()},
    }
    command = ["git", "-c", "init.defaultBranch=main", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


_WHO = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-11-21T03:34:00Z"}

_TIMES = (
    (re.compile(r" +(?:\d+ min )?\d+(?:\.\d+)? s\b"), " {time}"),
    (re.compile(r'(?<="total": )\d+\.\d+'), "{time}"),
    (re.compile(r"─{2,}"), "──"),
    (re.compile(r" +time$", re.MULTILINE), " time"),
)


def without_times(text: str) -> str:
    """A report without what differs from run to run: how long things took, and the room for saying so."""
    for pattern, replacement in _TIMES:
        text = pattern.sub(replacement, text)
    return text
