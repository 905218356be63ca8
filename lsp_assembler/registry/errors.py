"""What can go wrong between us and a registry, in the words that the user will read.

A `RequestError` stays inside this package: it knows what happened and whether asking again may help, but not
which image it happened to. `retry.Waiter` adds the image and makes a FetchError of it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from lsp_assembler.errors import FailureKind, FetchError
from lsp_assembler.model.address import without_secrets
from lsp_assembler.oci.documents import ContentError, LargeContentError

MANIFEST = "the manifest"
"""What a request for a manifest is about: it is the one whose absence means that there is no image."""

_LONGEST = 300
_LONGEST_ERROR = 2000
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)


class Retry(Enum):
    """How often the same request is worth sending again."""

    NEVER = auto()
    TWICE = auto()  # then the same fault, met for the third time, is taken for a lasting one
    PATIENTLY = auto()  # as long as the client's patience lasts


@dataclass(eq=False)
class RequestError(Exception):
    """One exchange that failed.

    Args:
        fact: what happened, without the image, e.g. "ghcr.io has no such image or tag".
        pause: seconds that the server asked for; 0 where it asked to wait without saying how long;
            None where it did not ask.
        host: whom the pause holds for, e.g. "ghcr.io".
        answered: whether a server said so, and not the network.
        cause: the fact without what a server says in other words of each image; "" for just the fact.
    """

    kind: FailureKind
    fact: str
    remedy: str = ""
    retry: Retry = Retry.NEVER
    pause: float | None = None
    host: str = ""
    answered: bool = False
    cause: str = ""

    def about(self, subject: str) -> FetchError:
        """The error that the user sees, e.g. for subject "busybox:latest"."""
        return FetchError(f"{subject}: {self.fact}", self.remedy, kind=self.kind, cause=self.cause)


def printable(text: str, longest: int = _LONGEST) -> str:
    """A stranger's text, safe for a terminal: control characters escaped, and no longer than this."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]}…"


def stated_error(body: bytes, secrets: Iterable[str] = ()) -> str:
    """What an error body says, e.g. "MANIFEST_UNKNOWN: manifest unknown"; "" if it says nothing.

    Args:
        secrets: what must not be repeated, even if the server does.
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    first = said.get("errors") if isinstance(said, dict) else None
    entry = first[0] if isinstance(first, list) and first else said
    if not isinstance(entry, dict):
        return ""
    words = (entry.get(key) for key in ("code", "error", "message", "details"))
    text = ": ".join(word for word in words if isinstance(word, str) and word)
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return printable(without_secrets(text[:_LONGEST_ERROR]))


def login_remedy(registry: str, complaint: str = "") -> str:
    """What to do where a login is missing or refused.

    Args:
        complaint: why a configured login could not be read, or "".
    """
    command = "docker login" if registry == "docker.io" else f"docker login {registry}"
    why = f" (the saved login could not be read: {complaint})" if complaint else ""
    return f"Log in with '{command}', or check the name{why}."


def of_status(host: str, what: str, status: int, stated: str) -> RequestError:
    """The error behind a status that is no success.

    Args:
        host: who answered, e.g. "ghcr.io".
        what: what we asked for, e.g. "the manifest".
        stated: what `stated_error` found.
    """
    answer = f"{status} {stated}".strip()
    retry = Retry.NEVER
    kind: FailureKind = "unavailable"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        kind, fact, remedy = "unauthorized", f"{host} denies access to {what}", "Check the name."
    elif status == HTTPStatus.NOT_FOUND:
        absent = "has no such image or tag" if what == MANIFEST else f"does not have {what}"
        kind, fact = "not-found", f"{host} {absent}"
        remedy = "Check the name and the tag, and that the image has been pushed."
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        fact = f"{host} limits the rate of requests"
        remedy = "Try again later, or log in for a higher limit."
    elif status in _BUSY or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    ):
        fact, remedy = f"{host} failed to answer the request for {what}", "Try again later."
        retry = Retry.PATIENTLY
    else:
        fact, remedy = f"{host} refused the request for {what}", f"Check that {host} is a registry."
    return RequestError(kind, f"{fact} ({answer})", remedy, retry, cause=fact)


@contextmanager
def checked(host: str, retry: Retry = Retry.TWICE) -> Iterator[None]:
    """Turn a ContentError about what a host sent into a RequestError.

    Args:
        retry: whether the host may send something else when it is asked again.
    """
    try:
        yield
    except LargeContentError as error:
        remedy = "Raise --max-compressed if you trust the image."
        raise RequestError("too-large", f"{host} has too much data: {error}", remedy) from error
    except ContentError as error:
        fact = f"{host} sent corrupt content: {error}"
        remedy = "Push the image again, or read it from another registry."
        raise RequestError("corrupt", fact, remedy, retry) from error
