"""What the Docker Engine's errors mean, in words that its users can act on."""

from collections.abc import Iterable, Iterator
from typing import Any

import docker.errors
import requests
import urllib3

from lsp_assembler.errors import FailureKind, FetchError, PublishError

TROUBLE = (
    docker.errors.DockerException,
    docker.errors.StreamParseError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)
"""All that talking to an engine can raise, whether while asking or while reading the answer."""

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
    words = " ".join(str(words).split())
    if any(_is_timeout(link) for link in _chain(error)):
        return "timeout", "the engine sent nothing for too long"
    for kind, signs in _SIGNS:
        if any(sign in words.lower() for sign in signs):
            return kind, words
    return "unavailable", words


def fetch_error(image: object, error: BaseException) -> FetchError:
    """An engine's error while reading an image."""
    kind, words = cause(error)
    return FetchError(f"{image}: {_FACTS[kind]}: {words}", _REMEDIES[kind], kind=kind)


def publish_error(image: object, error: BaseException) -> PublishError:
    """An engine's error while building, loading or tagging an image."""
    kind, words = cause(error)
    remedy = _REMEDIES[kind] if kind in ("disk-full", "timeout") else "Fix what the engine names."
    return PublishError(f"{image}: the engine cannot make it: {words}", remedy)


def plainly(error: BaseException) -> str:
    """What the operating system said, e.g. "Connection refused"; "" where it is not to blame."""
    reasons = [link.strerror for link in _chain(error) if isinstance(link, OSError) and link.strerror]
    return reasons[-1] if reasons else ""


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
