"""A private Docker Engine: its own data, its own socket, no network, gone without a trace afterwards."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import docker
from docker.errors import DockerException

from tests.services.process import Server, Service, end_process, missing

_START_SECONDS = 60.0
_CHILD_SECONDS = 5.0


def engine_missing() -> str:
    """Why no private engine can run here, e.g. "dockerd not installed"; "" if one can."""
    return "dockerd needs root" if os.geteuid() else missing("dockerd", "setpriv")


class DockerEngine(Service):
    """A Docker Engine that knows of no other: `with DockerEngine() as engine: engine.client()…`.

    It chooses its storage driver itself: overlay2, or vfs where the kernel or the file system of
    /tmp does not permit that. It pulls from registries on 127.0.0.1 over plain HTTP, as every engine
    does. Containers can be created, and have no network if started.

    Raises:
        ServiceError: on entering, when dockerd does not start.
    """

    def __init__(self) -> None:
        # Not $TMPDIR: the path of a Unix socket has room for 107 bytes only.
        self._folder = Path(tempfile.mkdtemp(prefix="lsp-engine-", dir="/tmp"))
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """What DOCKER_HOST is set to in order to use it, e.g. "unix:///tmp/lsp-engine-x1/s"."""
        return f"unix://{self._folder}/s"

    @property
    def folder(self) -> Path:
        """Where everything of this engine lives."""
        return self._folder

    @property
    def pid(self) -> int:
        """The process id of dockerd; 0 when it does not run."""
        return self._server.pid if self._server else 0

    def client(self) -> docker.DockerClient:
        """A new client of this engine; close it after use."""
        return docker.DockerClient(base_url=self.url, timeout=60)

    def start(self) -> None:
        """Start, and return when the engine answers.

        Raises:
            ServiceError: it does not; nothing is left behind.
        """
        try:
            self._server = Server(self._command(), self._folder / "log")
            self._server.wait_until(self._answers, _START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop dockerd and its containerd, unmount and remove everything. May be called twice."""
        if self._server:
            self._server.stop()
            self._server = None
        self._stop_containerd()
        for mount in self._mounts():
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self) -> list[str]:
        # The namespaces keep it apart where dockerd finds a containerd of the system and uses that.
        # Not the folder's name: "__" or a "_" at the end is no namespace for containerd.
        name = f"lsp-engine-{secrets.token_hex(4)}"
        return [
            "dockerd",
            f"--host={self.url}",
            f"--data-root={self._folder}/data",
            f"--exec-root={self._folder}/exec",
            f"--pidfile={self._folder}/pid",
            f"--containerd-namespace={name}",
            f"--containerd-plugins-namespace={name}-plugins",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
        ]

    def _answers(self) -> bool:
        if not (self._folder / "s").exists():
            return False
        client = self.client()
        try:
            return bool(client.ping())
        except (DockerException, OSError):
            return False
        finally:
            client.close()

    def _stop_containerd(self) -> None:
        """End the containerd that dockerd started, should it outlive dockerd."""
        pid_file = self._folder / "exec/containerd/containerd.pid"
        with contextlib.suppress(OSError, ValueError):
            pid = int(pid_file.read_text())
            deadline = time.monotonic() + _CHILD_SECONDS
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            end_process(pid, mark=str(self._folder))

    def _mounts(self) -> list[str]:
        """Mount points below the folder, the deepest first."""
        points = (line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())
        return sorted((point for point in points if point.startswith(f"{self._folder}/")), reverse=True)
