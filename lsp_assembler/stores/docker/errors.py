"""What the Docker Engine's errors mean, in words that its users can act on."""

import re
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import docker.errors
import requests
import urllib3

from lsp_assembler.errors import FailureKind, FetchError, PublishError
from lsp_assembler.model.address import shown, without_secrets
from lsp_assembler.stores.docker.endpoint import Endpoint
from lsp_assembler.text import visible

_ODD = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
"""What the SDK, and we, make of an answer that is not one of an engine."""

TROUBLE = (
    docker.errors.DockerException,
    docker.errors.StreamParseError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    *_ODD,
)
"""All that talking to an engine can raise, whether while asking or while reading the answer."""

_BROKEN = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.ProtocolError,
)
"""For which the libraries have no words for people, e.g. ("Connection aborted.", RemoteDisconnected(…))."""

_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)

# The engine passes on what registries and the kernel say; the first row that matches tells the kind.
_SIGNS: tuple[tuple[FailureKind, tuple[str, ...]], ...] = (
    ("disk-full", ("no space left on device", "disk quota exceeded")),
    ("corrupt", ("failed to register layer", "layer verification failed", "error processing tar file")),
    (
        "timeout",
        (
            "read timed out",
            "i/o timeout",
            "deadline exceeded",
            "client.timeout exceeded",
            "handshake timeout",
        ),
    ),
    (
        "not-found",
        ("repository does not exist", "manifest unknown", "name unknown", "no such image", "not found"),
    ),
    (
        "unauthorized",
        ("unauthorized", "no basic auth credentials", "access denied", "denied:", "authentication required"),
    ),
)
_REMEDIES: dict[FailureKind, str] = {
    "disk-full": "Free space where the engine keeps its data ('docker system df' shows it), then run again.",
    "corrupt": "Make the image again and publish it.",
    "timeout": "Try again; if the link is just slow, raise --stall-timeout.",
    "not-found": "Check the name and its tag; if it is right, publish the image first.",
    "unauthorized": "Log in with 'docker login' for that registry, and check that the account may pull.",
    "unavailable": "Check that the registry and the engine are reachable, then run again.",
}
_FACTS: dict[FailureKind, str] = {
    "disk-full": "the engine's disk is full",
    "corrupt": "the engine cannot unpack it",
    "timeout": "timed out",
    "not-found": "no such image or tag",
    "unauthorized": "the registry denies access",
    "unavailable": "cannot pull it",
}


_START = (
    "Start one (on Debian: 'apt-get install docker.io' and 'service docker start'; on a desktop: Docker "
    "Desktop), or set DOCKER_HOST."
)
_WANTS_TLS = "HTTP request to an HTTPS server"
_SOURCE_LINE = re.compile(r"^\[[A-Z0-9: _]+\] | \(_ssl\.c:[0-9]+\)$")
_LONGEST_WORDS = 2000
_NO_MANIFEST = re.compile(r"^manifest for \S+ not found: (?=.)")
_AGAIN = re.compile(r"(?<![^ ])([^:]+)(?:: \1)+$")


def events(stream: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The engine's progress events; the error among them, which the SDK overlooks, is raised.

    Raises:
        docker.errors.DockerException: the engine reported an error, in its own words.
    """
    for event in stream:
        if not isinstance(event, dict):
            continue
        error = (event.get("errorDetail") or {}).get("message") or event.get("error")
        if error:
            raise docker.errors.DockerException(error)
        yield event


def cause(error: BaseException) -> tuple[FailureKind, str]:
    """The kind of an engine's error, and the engine's own words for it in one line."""
    words = getattr(error, "explanation", None) or str(error)
    words = without_secrets(" ".join(str(words).split())[:_LONGEST_WORDS])
    if isinstance(error, _ODD) and not isinstance(error, (OSError, docker.errors.DockerException)):
        return "unavailable", f"it does not answer as an engine does ({type(error).__name__}: {words})"
    if any(_is_timeout(link) for link in _chain(error)):
        return "timeout", "the engine sent nothing for too long"
    if isinstance(error, _BROKEN):
        return "unavailable", plainly(error) or "the engine closed the connection"
    for kind, signs in _SIGNS:
        if any(sign in words.lower() for sign in signs):
            return kind, words
    return "unavailable", words


def _once(words: str) -> str:
    """An engine's words without the image's name in front, and without the same reason again."""
    return _AGAIN.sub(r"\1", _NO_MANIFEST.sub("", words))


def fetch_error(image: object, error: BaseException) -> FetchError:
    """An engine's error while reading an image."""
    kind, words = cause(error)
    shared = "" if kind in ("unavailable", "corrupt") else _FACTS[kind]  # whose words name image or file
    return FetchError(f"{image}: {_FACTS[kind]}: {_once(words)}", _REMEDIES[kind], kind=kind, cause=shared)


def engine_error(error: BaseException) -> FetchError:
    """An engine's error when it is asked about itself."""
    found = fetch_error("Docker Engine", error)
    if found.kind != "unavailable":
        return found
    words = cause(error)[1]
    return FetchError(f"Docker Engine: no answer ({words})", found.remedy, kind=found.kind, cause=found.cause)


def publish_error(image: object, error: BaseException) -> PublishError:
    """An engine's error while building, loading or tagging an image."""
    kind, words = cause(error)
    remedy = _REMEDIES[kind] if kind in ("disk-full", "timeout") else "Fix what the engine names."
    return PublishError(f"{image}: the engine cannot make it: {words}", remedy)


def plainly(error: BaseException) -> str:
    """What the operating system said, e.g. "Connection refused"; "" where it is not to blame."""
    reasons = [link.strerror for link in _chain(error) if isinstance(link, OSError) and link.strerror]
    return without_secrets(_SOURCE_LINE.sub("", reasons[-1])) if reasons else ""


def no_engine(endpoint: Endpoint, error: BaseException, words: str = "") -> FetchError:
    """No engine answers.

    Args:
        words: what ssh said, or "".
    """
    fact = visible(without_secrets(words)) or plainly(error) or cause(error)[1]
    remedy = _START
    if endpoint.is_ssh:
        where = endpoint.url.removeprefix("ssh://").partition("/")[0]
        remedy = f"See that 'ssh {where} docker version' works, without a question, or set DOCKER_HOST."
    elif "Permission denied" in fact:
        remedy = (
            "Join the group 'docker' and log in again, or run as a user who may use the engine. In a "
            "container, add the socket's group, which 'stat -c %g /var/run/docker.sock' tells: --group-add "
            "for docker run, DOCKER_GID for deploy/compose.yml."
        )
    elif any(isinstance(link, ssl.SSLError) for link in _chain(error)):
        remedy = "Check the engine's certificate, and those that DOCKER_CERT_PATH or the context has for it."
        if endpoint.certificates is None:
            remedy = "Use tcp:// if the engine is without TLS, else set DOCKER_CERT_PATH."
    elif _WANTS_TLS in fact:
        remedy = "Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of your certificates."
    return FetchError(
        f"Docker Engine: no answer at {shown(endpoint.url)} ({fact})", remedy, kind="unavailable"
    )


def _is_timeout(error: BaseException) -> bool:
    # A refused connection is a time-out, too, as urllib3 has it.
    return isinstance(error, _TIMEOUTS) and not isinstance(error, urllib3.exceptions.NewConnectionError)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it wraps, and what that came from: where requests hides the cause varies."""
    while error is not None:
        yield error
        for wrapped in error.args:
            if isinstance(wrapped, BaseException):
                yield from _chain(wrapped)
        error = error.__cause__ or error.__context__
