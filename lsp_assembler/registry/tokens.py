"""Bearer tokens: how one is asked for, and what comes back.

Specification: https://distribution.github.io/distribution/spec/auth/token/ and …/spec/auth/oauth/
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from lsp_assembler.config.hosts import Settings
from lsp_assembler.registry.challenge import Challenge
from lsp_assembler.registry.errors import RequestError, Retry
from lsp_assembler.registry.hosts import Endpoint, Origin, origin_of_url
from lsp_assembler.registry.http.exchange import Answer, Request
from lsp_assembler.registry.http.transport import target_of_url
from lsp_assembler.registry.login import Login

_USUAL_LIFE = 60.0  # seconds, where the answer does not say (token specification)
_LONGEST_LIFE = 86400.0
_CLIENT_ID = "lsp-assembler"


class Scope(Struct, frozen=True):
    """What a request asks to be allowed to.

    Args:
        repository: as the server calls it, e.g. "library/busybox"; which login to use may depend on it.
        scopes: e.g. ("repository:library/busybox:pull",).
    """

    endpoint: Endpoint
    repository: str
    scopes: tuple[str, ...]

    def and_pull(self, other: str) -> "Scope":
        """The same, and to read from another repository of the same registry, e.g. to mount its blobs."""
        return Scope(self.endpoint, self.repository, (*self.scopes, f"repository:{other}:pull"))


def scope_of(endpoint: Endpoint, repository: str, actions: str = "pull") -> Scope:
    """The scope of a repository.

    Args:
        actions: "pull" or "pull,push".
    """
    path = endpoint.path(repository)
    return Scope(endpoint, path, (f"repository:{path}:{actions}",))


def token_request(
    scopes: Sequence[Scope], challenge: Challenge, login: Login | None, settings: Settings
) -> Request:
    """The request for one token that is good for all these scopes of one registry.

    Args:
        challenge: its realm is an absolute URL.

    Raises:
        RequestError: the realm is no place to send a login to.
    """
    endpoint = scopes[0].endpoint
    origin, target = _realm(endpoint, challenge, settings)
    names = [name for scope in scopes for name in scope.scopes]
    service = challenge.parameters.get("service", "")
    what = f"a token for {endpoint.origin.netloc}"
    if login and login.identity_token:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": login.identity_token,
            "service": service,
            "scope": " ".join(names),
            "client_id": _CLIENT_ID,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(what, "POST", origin, target, "", headers, urlencode(form).encode())
    query = urlencode([("service", service), *(("scope", name) for name in names)])
    target += f"{'&' if '?' in target else '?'}{query}"
    return Request(what, "GET", origin, target, login.basic if login else "")


def parse_token(answer: Answer) -> tuple[str, float]:
    """The token in an answer, and its life in seconds.

    Raises:
        RequestError: there is none.
    """
    try:
        said: Any = json.loads(answer.content())
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    token = said.get("token") or said.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        fact = f"{answer.host} answered without a token"
        raise RequestError("unavailable", fact, "Check the registry's configuration.", Retry.TWICE)
    return token, _life(said.get("expires_in"))


def _life(stated: object) -> float:
    if not isinstance(stated, (int, float)) or isinstance(stated, bool) or not stated > 0:
        return _USUAL_LIFE
    return float(min(stated, _LONGEST_LIFE))  # compared first: an integer of 400 digits is no float


def _realm(endpoint: Endpoint, challenge: Challenge, settings: Settings) -> tuple[Origin, str]:
    realm = challenge.parameters.get("realm", "")
    try:
        origin = origin_of_url(realm, settings)
    except ValueError as error:
        raise _bad_realm(endpoint, f"which is no URL ({error})") from None
    if endpoint.origin.scheme == "https" != origin.scheme:
        raise _bad_realm(endpoint, "which is not https")
    return origin, target_of_url(realm)


def _bad_realm(endpoint: Endpoint, why: str) -> RequestError:
    fact = f"{endpoint.origin.netloc} sends us for a token to a place {why}"
    return RequestError("unavailable", fact, "Check the registry's configuration.")
