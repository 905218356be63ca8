"""What can go wrong between us and a registry, in the words that the user will read.

A `Trouble` stays inside this package: it knows what happened and whether asking again may help, but not
which image it happened to. `retrying` adds the image and makes a FetchError of it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from lsp_assembler.errors import FailureKind, FetchError
from lsp_assembler.oci.documents import ContentError, LargeContentError, ShortContentError

_LONGEST = 300


class Again(Enum):
    """How often the same request is worth sending again."""

    NEVER = 1
    BRIEFLY = 3
    PATIENTLY = 1_000_000


@dataclass(eq=False)
class Trouble(Exception):  # noqa: N818  it is not an error yet: it may be cured by asking again
    """One exchange that failed.

    Args:
        fact: what happened and what was expected, without a subject, e.g. "ghcr.io does not have it".
        pause: seconds that the server asked for; 0 where it asked to wait without saying how long;
            None where it did not ask.
        host: whom the pause holds for, e.g. "ghcr.io".
    """

    kind: FailureKind
    fact: str
    remedy: str = ""
    again: Again = Again.NEVER
    pause: float | None = None
    host: str = ""

    def error(self, subject: str) -> FetchError:
        """The error that the user sees, e.g. for subject "busybox:latest"."""
        return FetchError(f"{subject}: {self.fact}", self.remedy, kind=self.kind)


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
    return printable(text)


def login_remedy(registry: str, complaint: str = "") -> str:
    """What to do where a login is missing or refused.

    Args:
        complaint: why a configured login could not be had, or "".
    """
    command = "docker login" if registry == "docker.io" else f"docker login {registry}"
    why = f" (the saved login could not be read: {complaint})" if complaint else ""
    return f"Check the spelling of the name, then log in: {command}{why}"


def of_status(host: str, what: str, status: int, stated: str) -> Trouble:
    """The trouble behind a status that is no success.

    Args:
        host: who answered, e.g. "ghcr.io".
        what: what we asked for, e.g. "the manifest".
        stated: what `stated_error` found.
    """
    answer = f"{status} {stated}".strip()
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Trouble(
            "unauthorized",
            f"{host} does not let us at {what} ({answer}); expected a public image or a login that may",
            "Check the spelling of the name, and which login it needs.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return Trouble(
            "not-found",
            f"{host} does not have {what} ({answer}); expected it to be there",
            "Check the spelling of the name and the tag, and that the image has been pushed.",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        remedy = "Try again later, or log in for a higher limit."
        return Trouble("unavailable", f"{host} limits how often it may be asked ({answer})", remedy)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        fact = f"{host} is in trouble itself ({answer}); expected {what}"
        return Trouble("unavailable", fact, "Try again later.", Again.PATIENTLY)
    return Trouble(
        "unavailable",
        f"{host} refuses the request for {what} ({answer}); expected a success",
        f"Check that {host} is a registry that follows the OCI distribution specification.",
    )


@contextmanager
def checked(host: str) -> Iterator[None]:
    """Turn a ContentError about what a host sent into a Trouble."""
    try:
        yield
    except ContentError as error:
        raise _of_content(host, error) from error


def _of_content(host: str, error: ContentError) -> Trouble:
    """The trouble with content that was read to its end, but is not what was promised."""
    if isinstance(error, LargeContentError):
        return Trouble(
            "too-large", f"{host} has too much of it: {error}", "Raise --max-compressed if you trust it."
        )
    again = Again.BRIEFLY if isinstance(error, ShortContentError) else Again.NEVER
    remedy = "Push the image again, or read it from another registry."
    return Trouble("corrupt", f"{host} sent corrupt content: {error}", remedy, again)
