"""Engines behind ssh: each connection is the program ssh, which runs `docker system dial-stdio` over there.

The Docker SDK can do this only where paramiko is installed, even if it does not use it.
"""

import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO
from urllib.parse import urlsplit

import requests
from docker.transport.basehttpadapter import BaseHTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from lsp_assembler.errors import FetchError
from lsp_assembler.model.address import shown

BASE_URL = "http://engine-behind-ssh:1"
"""What the SDK is to take for the engine's address; the adapter is mounted there."""

_OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T")
_CONNECTIONS = 8  # fewer than a server takes at once before it begins to drop some
_LONGEST_WORDS = 500
_END_SECONDS = 2.0


class SshAdapter(BaseHTTPAdapter):
    """Sends requests to an engine behind ssh. Threads, and clients, may share it.

    Args:
        url: e.g. "ssh://me@engine:2222"; a path is that of the engine's socket.
        environ: what ssh runs with.

    Raises:
        FetchError: there is no ssh.
    """

    def __init__(self, url: str, environ: Mapping[str, str], timeout: float) -> None:
        super().__init__()
        program = shutil.which("ssh", path=environ.get("PATH"))
        if program is None:
            raise FetchError(
                f"Docker Engine: {shown(url)} needs the program ssh, which is not on PATH",
                "Install it (on Debian: 'apt-get install openssh-client'), or set DOCKER_HOST.",
                kind="unavailable",
            )
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this
        self._pool = _Pool([program, *_arguments(url)], environ, self._words, timeout)

    @property
    def words(self) -> str:
        """The last line that ssh wrote to stderr, e.g. "Permission denied (publickey)."; "" for none."""
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:_LONGEST_WORDS] if lines else ""

    def get_connection(self, _url: str | bytes, _proxies: object = None) -> HTTPConnectionPool:
        """See HTTPAdapter.get_connection: there is one engine, and no proxy on the way."""
        return self._pool

    def request_url(self, request: requests.PreparedRequest, _proxies: object) -> str:
        """See HTTPAdapter.request_url."""
        return request.path_url

    def close(self) -> None:
        """End all connections that are idle."""
        super().close()
        self._pool.close()


def _arguments(url: str) -> list[str]:
    """What ssh is given. Neither host nor user begins with a dash: `endpoint` sees to that."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    host = host.rpartition(":")[0] if parts.port else host.rstrip(":")
    socket_option = f"--host=unix://{parts.path} " if parts.path.strip("/") else ""
    command = f"docker {shlex.quote(socket_option.strip())} " if socket_option else "docker "
    login = ["-l", user] if user else []
    port = ["-p", str(parts.port)] if parts.port else []
    return [*_OPTIONS, *login, *port, "--", host.strip("[]"), f"{command}system dial-stdio"]


class _Pool(HTTPConnectionPool):
    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], words: IO[bytes], timeout: float
    ) -> None:
        super().__init__("engine-behind-ssh", timeout=timeout, maxsize=_CONNECTIONS, block=True)
        self._command = command
        self._environ = environ
        self._words = words

    def _new_conn(self) -> "_Connection":
        return _Connection(self._command, self._environ, self._words)


class _Connection(HTTPConnection):
    def __init__(self, command: Sequence[str], environ: Mapping[str, str], words: IO[bytes]) -> None:
        super().__init__("engine-behind-ssh")
        self._command = command
        self._environ = environ
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # In a session of its own: Ctrl-C is for us, who end it, and there is no terminal to ask on.
            self._process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._words,
                env=dict(self._environ),
                start_new_session=True,
            )
        if isinstance(self.timeout, float | int):
            ours.settimeout(self.timeout)
        self.sock = ours

    def close(self) -> None:
        super().close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process = None
