"""Reaching the Docker Engine: which endpoint, one client for each thread, the user's logins."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import docker
import docker.auth
import docker.errors
import requests
from docker.context import ContextAPI
from docker.utils import kwargs_from_env

from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.stores.docker.errors import TROUBLE, cause, plainly

if TYPE_CHECKING:
    from docker.tls import TLSConfig

_DEFAULT_ENDPOINT = "unix:///var/run/docker.sock"


class Connection:
    """Clients for one engine. Threads may share it: each gets a client of its own.

    Args:
        environ: the environment's variables: DOCKER_HOST, DOCKER_CONTEXT, and where logins are.
        stall_timeout: seconds without a byte from the engine after which a call fails.

    Raises:
        FetchError: no engine answers.
        InvalidInputError: the Docker context that the environment names cannot be used.
    """

    def __init__(self, environ: Mapping[str, str], stall_timeout: float) -> None:
        self.stall_timeout = stall_timeout
        self._arguments = {**_endpoint(environ), "timeout": stall_timeout, "use_ssh_client": True}
        self.endpoint: str = self._arguments["base_url"]
        self._threads = threading.local()
        self._version = "auto"
        self._credentials = Credentials(environ)
        try:
            self._version = self.client.api_version
        except (*TROUBLE, ValueError) as error:
            raise _no_engine(self.endpoint, error) from error

    @property
    def client(self) -> docker.APIClient:
        """This thread's client."""
        if not hasattr(self._threads, "client"):
            self._threads.client = docker.APIClient(version=self._version, **self._arguments)
            # No proxy leads to a socket of this machine, and looking for one takes a quarter of each request.
            self._threads.client.trust_env = not self.endpoint.startswith("unix:")
        client: docker.APIClient = self._threads.client
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

    def pull(self, reference: Reference) -> Iterator[dict[str, Any]]:
        """Pull an image; what the engine says meanwhile, errors included."""
        headers = {"X-Registry-Auth": docker.auth.encode_header(self.login(reference)).decode("ascii")}
        wanted = {"fromImage": reference.name, "tag": reference.digest or reference.tag or "latest"}
        with self.stream("POST", "images/create", headers, wanted) as response:
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


def _endpoint(environ: Mapping[str, str]) -> dict[str, Any]:
    """Where the engine is, in the order of Docker's own client: DOCKER_HOST, then the context."""
    if environ.get("DOCKER_HOST"):
        return dict(kwargs_from_env(dict(environ)))
    name = environ.get("DOCKER_CONTEXT")
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # the SDK raises a bare Exception for a damaged context
        raise _bad_context(name, str(error)) from error
    if context is None:
        raise _bad_context(name, "no such context")
    tls: TLSConfig | None = context.TLSConfig  # the stubs know nothing of a context without TLS
    return {"base_url": context.Host or _DEFAULT_ENDPOINT, "tls": tls or False}


def _bad_context(name: str | None, fact: str) -> InvalidInputError:
    subject = f"Docker context '{name}'" if name else "Docker's current context"
    return InvalidInputError(
        f"{subject}: {fact}",
        "Choose one that 'docker context ls' lists, with DOCKER_CONTEXT or 'docker context use', or set "
        "DOCKER_HOST.",
    )


def _no_engine(endpoint: str, error: BaseException) -> FetchError:
    _, fact = cause(error)
    fact = plainly(error) or fact
    remedy = (
        "Start one (on Debian: 'apt-get install docker.io' and 'service docker start'; on a desktop: Docker "
        "Desktop), or set DOCKER_HOST."
    )
    if "Permission denied" in fact:
        remedy = "Join the group 'docker' and log in again, or run as a user who may use the engine."
    return FetchError(
        f"Docker Engine: no answer at {endpoint} ({fact})",
        remedy,
        kind="unavailable",
    )
