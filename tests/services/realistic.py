"""A registry as GHCR, Docker Hub and ECR are: TLS, HTTP/2, tokens from a second host, blobs from a third."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

import urllib3

from tests.services.certificates import Certificates, make_certificates
from tests.services.link import SlowLink, Speed
from tests.services.process import Server, Service, missing
from tests.services.registry import Login, Registry, registry_missing
from tests.services.tokens import MARK, TokenService
from tests.services.traffic import Request, requests_in

_START_SECONDS = 30.0
_CONFIG = Path(__file__).with_name("realistic.conf")


def realistic_missing() -> str:
    """Why no such registry can run here, e.g. "nginx not installed"; "" if one can."""
    return missing("nginx", "openssl") or registry_missing()


class _Config(Template):
    """nginx has the dollar for itself."""

    delimiter = "@"


class RealisticRegistry(Service):
    """Debian's nginx as three hosts before Debian's docker-registry.

    - `host` is the registry. It answers 401 with a Bearer challenge that names the repository, unless a
      token allows what is asked for, and sends whoever wants a blob on with 307.
    - `tokens_host` gives tokens, one for as many scopes as are asked for: to anybody for pulling what does
      not begin with "private/", to the login for everything. It knows GET only.
    - `blobs_host` serves blobs under addresses that the registry signed, and refuses, as S3 does, who
      shows an Authorization header beside.

    Each speaks TLS 1.3 alone, with a certificate of `ca`. Images are put straight into the registry behind:

        with RealisticRegistry() as realistic:
            realistic.behind.put_image("java_junit", "LSP", Image(…))
            …
            assert connections_to_hosts(realistic.requests())["blobs"] == 1

    Args:
        login: who alone may push.
        speed: of the way to all three hosts together; None for the loopback interface as it is.
        http2: whether clients are offered HTTP/2.

    Raises:
        ServiceError: on entering, when it does not start.
    """

    def __init__(self, login: Login | None = None, speed: Speed | None = None, *, http2: bool = True) -> None:
        self.login = login or Login()
        self.behind = Registry()
        self._folder = Path(tempfile.mkdtemp(prefix="lsp-realistic-", dir="/tmp"))
        self._speed = speed
        self._http2 = http2
        self._ports: tuple[int, ...] = ()
        self._idle_port = 0
        self._token_folder = self._folder / "tokens"
        self._tokens = TokenService(self._folder / "tokens.sock", self._token_folder, self.login)
        self._running = contextlib.ExitStack()
        self._pid = 0

    @property
    def host(self) -> str:
        """What image names begin with, e.g. "127.0.0.1:41234"."""
        return self.hosts[0]

    @property
    def tokens_host(self) -> str:
        """Where tokens are from, e.g. "localhost:41235"."""
        return self.hosts[1]

    @property
    def blobs_host(self) -> str:
        """Where blobs are from, e.g. "127.0.0.1:41236"."""
        return self.hosts[2]

    @property
    def hosts(self) -> tuple[str, str, str]:
        """Registry, tokens and blobs, as clients reach them: over the slow link, if there is one."""
        registry, tokens, blobs = self._ports
        # A name, because some clients take no numeric address for a token server
        return f"127.0.0.1:{registry}", f"localhost:{tokens}", f"127.0.0.1:{blobs}"

    @property
    def ca(self) -> Path:
        """The certificate that a client has to trust."""
        return self._folder / "ca.pem"

    @property
    def settings(self) -> str:
        """The lines of an images.yml that say so."""
        return "registries:\n" + "".join(f"  {host}:\n    ca: {self.ca}\n" for host in self.hosts)

    @property
    def pid(self) -> int:
        """The process id of nginx; 0 when it does not run."""
        return self._pid

    @property
    def folder(self) -> Path:
        """Where everything but the registry behind lives."""
        return self._folder

    def start(self) -> None:
        """Start, and return when all of it answers.

        Raises:
            ServiceError: it does not; nothing is left behind.
        """
        try:
            self._running.enter_context(self.behind)
            self._token_folder.mkdir()
            self._running.enter_context(self._tokens)
            self._start_nginx(make_certificates(self._folder))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all servers and remove everything. May be called twice."""
        self._running.close()
        self.behind.stop()
        self._pid = 0
        shutil.rmtree(self._folder, ignore_errors=True)

    def token(self, *scopes: str) -> str:
        """A token for such scopes as "repository:java_junit:pull", without a request to anybody."""
        return self._tokens.token(scopes, trusted=True)

    def blob_url(self, digest: str) -> str:
        """Where the registry sends on who wants a blob such as "sha256:9f86…" and may have it."""
        digits = digest.removeprefix("sha256:")
        return f"https://{self.blobs_host}/sha256/{digits[:2]}/{digits}/data?signature=made-up"

    def requests(self) -> tuple[Request, ...]:
        """All requests so far, whoever sent them, those that were answered before the call for certain."""
        self._idles()  # nginx has one worker: before it answers this, it has written about all before
        return requests_in((self._folder / "requests.log").read_text())

    def _start_nginx(self, certificates: Certificates) -> None:
        """Start nginx on sockets that are there already: no port that another could take meanwhile."""
        with contextlib.ExitStack() as ours:
            sockets = [ours.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
            *own, self._idle_port = (int(each.getsockname()[1]) for each in sockets)
            self._ports = tuple(own)
            if self._speed:
                self._ports = self._running.enter_context(SlowLink(own, self._speed)).ports
            config = self._folder / "nginx.conf"
            config.write_text(self._config(certificates, own))
            command = ["nginx", "-p", str(self._folder), "-c", str(config), "-e", "stderr"]
            inherited = {"NGINX": "".join(f"{each.fileno()};" for each in sockets)}
            server = Server(command, self._folder / "log", sockets, inherited)
        self._running.callback(server.stop)
        self._pid = server.pid
        server.wait_until(self._idles, _START_SECONDS)

    def _config(self, certificates: Certificates, ports: Sequence[int]) -> str:
        registry, tokens, blobs = ports
        return _Config(_CONFIG.read_text()).substitute(
            user=""
            if os.geteuid()
            else "user root;",  # else it becomes somebody who may not read our folders
            certificate=certificates.certificate,
            key=certificates.key,
            registry_port=registry,
            tokens_port=tokens,
            blobs_port=blobs,
            idle_port=self._idle_port,
            registry_host=self.host,
            tokens_host=self.tokens_host,
            blobs_host=self.blobs_host,
            http2=" http2" if self._http2 else "",
            behind=self.behind.host,
            data=self.behind.folder / "data/docker/registry/v2",
            tokens=self._token_folder,
            token_socket=self._folder / "tokens.sock",
            mark=MARK,
        )

    def _idles(self) -> bool:
        """Whether nginx answers."""
        try:
            urllib3.request("GET", f"http://127.0.0.1:{self._idle_port}/", retries=False, timeout=10.0)
        except urllib3.exceptions.HTTPError:
            return False
        return True
