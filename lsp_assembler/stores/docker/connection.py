"""Reaching the Docker Engine: which endpoint, one client for each thread, the user's logins."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import docker
import docker.auth
import docker.errors
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.files.homes import docker_folder
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.stores.docker.endpoint import endpoint_of
from lsp_assembler.stores.docker.errors import TROUBLE, no_engine
from lsp_assembler.stores.docker.lifelines import Lifelines
from lsp_assembler.stores.docker.ssh import BASE_URL, SshAdapter

_ODD_VERSION = (ValueError, TypeError, LookupError)
_BAD_CONFIGURATION = (docker.errors.InvalidConfigFile, AttributeError, TypeError, LookupError, RecursionError)


class Connection:
    """Clients for one engine. Threads may share it: each gets a client of its own.

    Args:
        environ: the environment's variables: DOCKER_HOST, DOCKER_CONTEXT, and where logins are.
        stall_timeout: seconds without a byte from the engine after which a call fails.

    Raises:
        FetchError: no engine answers.
        InvalidInputError: what the environment says of the engine cannot be used.
    """

    def __init__(self, environ: Mapping[str, str], stall_timeout: float) -> None:
        self.stall_timeout = stall_timeout
        found = endpoint_of(environ)
        self.endpoint = found.url
        self._configuration = docker_folder(environ) / "config.json"
        self._tls = found.certificates.configuration() if found.certificates else None
        self._ssh = SshAdapter(found.url, environ, stall_timeout) if found.is_ssh else None
        self._threads = threading.local()
        self._version = DEFAULT_DOCKER_API_VERSION
        self._credentials = Credentials(environ)
        try:
            self._threads.client = self._client()
            self._version = str(self._threads.client.version(api_version=False)["ApiVersion"])
            self.hang_up()
            self._threads.client = self._client()
        except (*TROUBLE, *_ODD_VERSION) as error:
            raise no_engine(found, error, self._ssh.words if self._ssh else "") from error

    @property
    def client(self) -> docker.APIClient:
        """This thread's client."""
        if not hasattr(self._threads, "client"):
            self._threads.client = self._client()
        client: docker.APIClient = self._threads.client
        return client

    def hang_up(self) -> None:
        """End this thread's connections, if it has any; the next call opens another one."""
        if hasattr(self._threads, "client") and not self._ssh:  # those through ssh are of all threads
            self._threads.client.close()

    def close(self) -> None:
        """End connections that are programs."""
        if self._ssh:
            self._ssh.close()

    def _client(self) -> docker.APIClient:
        url = BASE_URL if self._ssh else self.endpoint
        try:
            seconds: Any = self.stall_timeout  # fractions of seconds are fine, whatever the types say
            client = docker.APIClient(url, self._version, seconds, self._tls or False)
        except _BAD_CONFIGURATION as error:
            raise InvalidInputError(
                f"{self._configuration}: it is malformed",
                "Correct it, or set DOCKER_CONFIG to another folder.",
            ) from error
        # No proxy leads to a socket of this machine, and looking for one takes a quarter of each request.
        client.trust_env = not (self._ssh or self.endpoint.startswith("unix:"))
        if self._ssh:
            client.mount("http://", self._ssh)
        return client

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        parameters: Mapping[str, str | Sequence[str]],
        body: bytes | None = None,
    ) -> Iterator[requests.Response]:
        """An answer that comes bit by bit, under the stall time-out; the SDK's methods wait forever.

        Args:
            path: e.g. "containers/9f86/archive".
            parameters: of the query; several of one name as a sequence.
            body: to send; an answer to it may take its time, as a step of a build does.

        Raises:
            docker.errors.APIError: the engine refuses.
        """
        client = self.client
        url = f"{client.base_url}/v{client.api_version}/{path}"
        with client.request(
            method,
            url,
            params=dict(parameters),
            headers=dict(headers),
            data=body,
            stream=True,
            timeout=self.stall_timeout if body is None else None,
        ) as response:
            try:
                response.raise_for_status()
            except requests.HTTPError as error:
                docker.errors.create_api_error_from_http_exception(error)
            yield response

    def pull(self, reference: Reference, lifelines: Lifelines | None = None) -> Iterator[dict[str, Any]]:
        """Pull an image; what the engine says meanwhile, errors included.

        Args:
            lifelines: once the engine has begun to answer, they say when it has failed, in place of the stall
                time-out.
        """
        headers = {"X-Registry-Auth": docker.auth.encode_header(self.login(reference)).decode("ascii")}
        wanted = {"fromImage": reference.name, "tag": reference.digest or reference.tag or "latest"}
        with (
            self.stream("POST", "images/create", headers, wanted) as response,
            lifelines.hold(response) if lifelines else contextlib.nullcontext(),
        ):
            yield from _parsed(response)

    def build(self, context: bytes, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Build an image; what the engine says meanwhile, errors included.

        Args:
            context: a tar with a Dockerfile in it.
            parameters: of the query, e.g. {"version": "2"} for BuildKit.
        """
        headers = {"Content-Type": "application/x-tar"}
        with self.stream("POST", "build", headers, parameters, context) as response:
            yield from _parsed(response)

    def login(self, reference: Reference) -> dict[str, str]:
        """The login for an image's registry as the engine wants it; {} where there is none.

        A credential helper that is missing or fails counts as no login: it must not break a public pull.
        """
        login = self._credentials.find(reference.registry, reference.path).login
        if login is None:
            return {}
        if login.identity_token:
            return {"identitytoken": login.identity_token}
        return {"username": login.username, "password": login.password}


def _parsed(response: requests.Response) -> Iterator[dict[str, Any]]:
    for line in filter(None, response.iter_lines()):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise docker.errors.StreamParseError(str(error)) from error
