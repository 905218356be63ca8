"""Logging in: Basic, and the bearer tokens that a registry sends us elsewhere for.

Specification: https://distribution.github.io/distribution/spec/auth/token/ and …/spec/auth/oauth/
"""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from lsp_assembler.config.hosts import Settings
from lsp_assembler.registry.answer import Answer, Request
from lsp_assembler.registry.challenge import Challenge, parse_challenges
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.errors import Trouble, login_remedy
from lsp_assembler.registry.hosts import Endpoint, Origin, origin_of_url
from lsp_assembler.registry.login import Login
from lsp_assembler.registry.transport import Transport

_TOKEN_LIMIT = 1024 * 1024
_USUAL_LIFE = 60  # seconds, where the answer does not say (token specification)
_MARGIN = 0.1  # the share of a token's life that is left for the request to arrive in
_CLIENT_ID = "lsp-assembler"


@dataclass(frozen=True, slots=True)
class Access:
    """What a request needs to be allowed to.

    Args:
        repository: as the server calls it, e.g. "library/busybox"; which login to use may depend on it.
        scopes: e.g. ("repository:library/busybox:pull",).
    """

    endpoint: Endpoint
    repository: str
    scopes: tuple[str, ...]


def access_to(endpoint: Endpoint, repository: str, actions: str = "pull", mount_from: str = "") -> Access:
    """The access to a repository, and to one that blobs are mounted from.

    Args:
        actions: "pull" or "pull,push".
        mount_from: another repository of the same registry, or "".
    """
    path = endpoint.path(repository)
    scopes = (f"repository:{path}:{actions}",)
    return Access(endpoint, path, (*scopes, f"repository:{mount_from}:pull") if mount_from else scopes)


@dataclass(frozen=True, slots=True)
class _Token:
    header: str = field(repr=False)
    expires: float  # by time.monotonic()


_Key = tuple[Origin, tuple[str, ...]]


class Authenticator:
    """Knows what to send to whom. Safe to share between threads.

    The first request to a host goes out anonymous; its challenge then holds for every later request to
    that host, so that these ask for their token first. One token is fetched for each host and scope, by
    one thread, while the others that need it wait.
    """

    def __init__(self, transport: Transport, credentials: Credentials, settings: Settings) -> None:
        self._transport = transport
        self._credentials = credentials
        self._settings = settings
        self._lock = threading.Lock()
        self._challenges: dict[Origin, Challenge] = {}
        self._tokens: dict[_Key, _Token] = {}
        self._fetching: dict[_Key, threading.Lock] = {}

    def header(self, access: Access) -> str:
        """The Authorization to send at first; "" while the host has not asked for one.

        Raises:
            Trouble: the host is known to want a token, and none can be had.
        """
        challenge = self._challenges.get(access.endpoint.origin)
        if challenge is None:
            return ""
        if challenge.scheme == "basic":
            login = self._credentials.find(access.endpoint.registry, access.repository).login
            return _basic(login)
        return self._token(access, challenge)

    def answer(self, access: Access, refused: Answer) -> str:
        """The Authorization to try once more with, after a 401; "" if there is nothing better to send.

        Raises:
            Trouble: the token cannot be had.
        """
        challenge = _preferred(parse_challenges(refused.headers.getlist("WWW-Authenticate")))
        if challenge is None or refused.request.origin != access.endpoint.origin:
            return ""  # another host's challenge, after a redirect, is none of this login's business
        sent = refused.request.authorization
        with self._lock:
            self._challenges[access.endpoint.origin] = challenge
            key = (access.endpoint.origin, access.scopes)
            if (token := self._tokens.get(key)) and token.header == sent:
                del self._tokens[key]  # expired before its time
        header = self.header(access)
        return "" if header == sent else header

    def complaint(self, access: Access) -> str:
        """Why there is no login although one is configured; "" if none is, or it is there."""
        return self._credentials.find(access.endpoint.registry, access.repository).complaint

    def _token(self, access: Access, challenge: Challenge) -> str:
        key = (access.endpoint.origin, access.scopes)
        with self._lock:
            fetching = self._fetching.setdefault(key, threading.Lock())
        with fetching:
            token = self._tokens.get(key)
            if token is None or token.expires <= time.monotonic():
                token = self._fetch(access, challenge)
                self._tokens[key] = token
            return token.header

    def _fetch(self, access: Access, challenge: Challenge) -> _Token:
        login = self._credentials.find(access.endpoint.registry, access.repository).login
        request = self._token_request(access, challenge, login)
        asked = time.monotonic()
        with self._transport.send(request) as answer:
            if answer.status != HTTPStatus.OK:
                trouble = answer.trouble(_secrets(login))
                if trouble.kind == "unauthorized":
                    trouble.remedy = login_remedy(access.endpoint.registry, self.complaint(access))
                if trouble.kind == "not-found":  # which would say that there is no such image
                    trouble.kind, trouble.remedy = "unavailable", "Check the registry's configuration."
                raise trouble
            token, life = _parse_token(answer.read(_TOKEN_LIMIT), answer.host)
        return _Token(f"Bearer {token}", asked + life * (1 - _MARGIN))

    def _token_request(self, access: Access, challenge: Challenge, login: Login | None) -> Request:
        origin, target = self._realm(access.endpoint, challenge)
        service = challenge.parameters.get("service", "")
        what = f"a token for {access.endpoint.origin.netloc}"
        if login and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token,
                "service": service,
                "scope": " ".join(access.scopes),
                "client_id": _CLIENT_ID,
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return Request(what, "POST", origin, target, "", headers, urlencode(form).encode())
        query = urlencode([("service", service), *(("scope", scope) for scope in access.scopes)])
        target += f"{'&' if '?' in target else '?'}{query}"
        return Request(what, "GET", origin, target, _basic(login))

    def _realm(self, endpoint: Endpoint, challenge: Challenge) -> tuple[Origin, str]:
        realm = challenge.parameters.get("realm", "")
        try:
            origin = origin_of_url(realm, self._settings)
        except ValueError as error:
            raise _bad_realm(endpoint, f"which is no URL ({error})") from None
        if endpoint.origin.scheme == "https" != origin.scheme:
            raise _bad_realm(endpoint, "which is not https")
        return origin, "/" + realm.partition("://")[2].partition("/")[2].partition("#")[0]


def _preferred(challenges: Iterable[Challenge]) -> Challenge | None:
    known = {challenge.scheme: challenge for challenge in challenges}
    return known.get("bearer") or known.get("basic")


def _basic(login: Login | None) -> str:
    return login.basic if login and not login.identity_token else ""


def _secrets(login: Login | None) -> tuple[str, ...]:
    return (login.password, login.identity_token) if login else ()


def _bad_realm(endpoint: Endpoint, why: str) -> Trouble:
    fact = f"{endpoint.origin.netloc} sends us for a token to a place {why}; expected an https URL"
    return Trouble("unavailable", fact, "Check the registry's configuration.")


def _parse_token(body: bytes, host: str) -> tuple[str, float]:
    """The token and its life in seconds."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    token = said.get("token") or said.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        fact = f"{host} answered without a token; expected one in JSON"
        raise Trouble("unavailable", fact, "Check the registry's configuration.")
    life = said.get("expires_in")
    is_number = isinstance(life, (int, float)) and not isinstance(life, bool)
    return token, float(life) if is_number and life > 0 else _USUAL_LIFE
