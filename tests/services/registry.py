"""A private image registry on a free port of 127.0.0.1, and images put straight into it over HTTP."""

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.services.image import MANIFEST_TYPES, Image, digest_of, index
from tests.services.process import Server, Service, ServiceError, missing

_START_SECONDS = 30.0
_LISTENS = re.compile(r"listening on 127\.0\.0\.1:([0-9]+)")
_CREATED = 201
_OK = 200


def registry_missing() -> str:
    """Why no registry can run here, e.g. "docker-registry not installed"; "" if one can."""
    return missing("docker-registry", "setpriv")


@dataclass(frozen=True)
class Login:
    """A user that a registry lets in; its htpasswd file knows passwords as bcrypt hashes only."""

    user: str = "assembler"
    password: str = "open-sesame"
    bcrypt: str = "$2b$04$LjYQJt2I/Y5oQVK4HSfrJeGo.FSmmy.1p5lxYjueri7pYMgTaCkfK"

    @property
    def htpasswd(self) -> str:
        """The line of the htpasswd file."""
        return f"{self.user}:{self.bcrypt}\n"


class Registry(Service):
    """Debian's docker-registry: `with Registry() as registry: registry.put_image(…)`.

    Args:
        login: who alone may pull and push; None lets everybody.

    Raises:
        ServiceError: on entering, when it does not start.
    """

    def __init__(self, login: Login | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lsp-registry-", dir="/tmp"))
        self._server: Server | None = None
        self._port = 0
        credentials = f"{login.user}:{login.password}" if login else None
        self._login = login
        self._http = urllib3.PoolManager(
            maxsize=8, headers=urllib3.make_headers(basic_auth=credentials), retries=False
        )

    @property
    def host(self) -> str:
        """What image names begin with, e.g. "127.0.0.1:41234"."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the server; 0 when it does not run."""
        return self._server.pid if self._server else 0

    @property
    def folder(self) -> Path:
        """Where everything of this registry lives."""
        return self._folder

    def start(self) -> None:
        """Start, and return when the registry answers.

        Raises:
            ServiceError: it does not; nothing is left behind.
        """
        try:
            config = self._folder / "config.yml"
            config.write_text(self._config())
            self._server = Server(["docker-registry", "serve", str(config)], self._folder / "log")
            self._server.wait_until(self._answers, _START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove everything. May be called twice."""
        self._http.clear()
        if self._server:
            self._server.stop()
            self._server = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def put_image(self, repository: str, tag: str, image: Image) -> str:
        """Publish an image, without an engine.

        Args:
            repository: without the host, e.g. "cyberdojofoundation/java_junit".
            tag: e.g. "LSP".

        Returns:
            The digest of its manifest, e.g. "sha256:9f86…".
        """
        for blob in image.blobs():
            self.put_blob(repository, blob)
        return self.put_manifest(repository, tag, image.media_type, image.manifest())

    def put_images(self, repository: str, tag: str, images: tuple[Image, ...]) -> str:
        """Publish images for several platforms under one tag; returns the digest of their index."""
        for image in images:
            self.put_image(repository, digest_of(image.manifest()), image)
        return self.put_manifest(repository, tag, *index(images))

    def put_blob(self, repository: str, content: bytes) -> str:
        """Publish a blob in two requests; returns its digest."""
        digest = digest_of(content)
        begun = self.request("POST", f"/v2/{repository}/blobs/uploads/", expected=202)
        place = begun.headers["Location"].removeprefix(f"http://{self.host}")
        separator = "&" if "?" in place else "?"
        self.request("PUT", f"{place}{separator}digest={digest}", content, expected=_CREATED)
        return digest

    def put_manifest(self, repository: str, tag: str, media_type: str, content: bytes) -> str:
        """Publish a manifest whose blobs are there already; returns its digest."""
        path = f"/v2/{repository}/manifests/{tag}"
        self.request("PUT", path, content, {"Content-Type": media_type}, expected=_CREATED)
        return digest_of(content)

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest behind a tag, None if the tag is not there."""
        headers = {**self._http.headers, "Accept": ", ".join(MANIFEST_TYPES)}
        path = f"http://{self.host}/v2/{repository}/manifests/{tag}"
        answer = self._http.request("HEAD", path, headers=headers)
        return answer.headers["Docker-Content-Digest"] if answer.status == _OK else None

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        expected: int = _OK,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request that has to succeed.

        Raises:
            ServiceError: the registry answered with another status than the expected one.
        """
        headers = {**self._http.headers, **(headers or {})}
        answer = self._http.request(method, f"http://{self.host}{path}", body=body, headers=headers)
        if answer.status != expected:
            raise ServiceError(f"{method} {path}: status {answer.status}: {answer.data[:500]!r}")
        return answer

    def _config(self) -> str:
        lines = [
            "version: 0.1",
            "log: {level: info, accesslog: {disabled: true}}",
            f"storage: {{filesystem: {{rootdirectory: {self._folder}/data}}, delete: {{enabled: true}}}}",
            "http: {addr: '127.0.0.1:0'}",  # the kernel picks a free port: no race with another server
        ]
        if self._login:
            passwords = self._folder / "htpasswd"
            passwords.write_text(self._login.htpasswd)
            lines.append(f"auth: {{htpasswd: {{realm: tests, path: {passwords}}}}}")
        return "\n".join(lines) + "\n"

    def _answers(self) -> bool:
        """Learn the port from the log; once the server says that it listens, it does."""
        found = _LISTENS.search(self._server.log()) if self._server else None
        if not found:
            return False
        self._port = int(found[1])
        return self._http.request("GET", f"http://{self.host}/v2/").status == _OK
