"""Logging in: Basic, and the bearer tokens that a registry sends us elsewhere for."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urljoin

from msgspec import Struct, field

from lsp_assembler.config.hosts import Settings
from lsp_assembler.registry.challenge import Challenge, parse_challenges
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.errors import RequestError, Retry, login_remedy
from lsp_assembler.registry.hosts import Origin, origin_of_url
from lsp_assembler.registry.http.exchange import Answer, refusal
from lsp_assembler.registry.http.transport import Transport
from lsp_assembler.registry.login import Login
from lsp_assembler.registry.tokens import Scope, parse_token, token_request

_LONGEST_WAIT = 5.0  # seconds for a host's first answer: one image that hangs must not hold up the others
_MARGIN = 0.1  # the share of a token's life that is left for the request to arrive in
_MOST_TOGETHER = 50  # a token that names more is too long a header for some servers
_AHEAD = {  # where these are known to send us on to: for connections ahead, no more
    "registry-1.docker.io": "https://auth.docker.io",
    "ghcr.io": "https://pkg-containers.githubusercontent.com",
}


class _Token(Struct, frozen=True):
    header: str
    expires: float  # by time.monotonic()
    shared: bool = False  # asked for together with others, which the server may have ignored

    def __repr__(self) -> str:
        return "_Token(***)"


class _Fetch(Struct):
    """A token request under way, and who waits for it."""

    done: threading.Event = field(default_factory=threading.Event)
    error: RequestError | None = None


_Key = tuple[Origin, tuple[str, ...]]


class Authenticator:
    """Knows what to send to whom. Safe to share between threads.

    The first request to a host goes out anonymous, and by https the others wait to see how it fares; its
    challenge then holds for every later request to that host, so that these ask for their token first.
    Until a challenge has led to a token, one that leads nowhere is taken for that of a single repository.
    Scopes that are expected are asked for together; each token by one thread, while others wait for it.
    """

    def __init__(self, transport: Transport, credentials: Credentials, settings: Settings) -> None:
        self._transport = transport
        self._credentials = credentials
        self._settings = settings
        self._lock = threading.Lock()
        self._challenges: dict[Origin, Challenge] = {}
        self._proven: set[Origin] = set()  # whose challenge has led to a token
        self._first: dict[Origin, threading.Event] = {}
        self._expected: dict[Origin, dict[_Key, Scope]] = {}
        self._tokens: dict[_Key, _Token] = {}
        self._fetches: dict[_Key, _Fetch] = {}

    def expect(self, scopes: Iterable[Scope]) -> None:
        """Ask for the tokens of these scopes together, as soon as one of them is needed."""
        with self._lock:
            for scope in scopes:
                self._expected.setdefault(scope.endpoint.origin, {})[_key(scope)] = scope

    def header(self, scope: Scope) -> str:
        """The Authorization to send at first; "" while the host has not asked for one.

        The caller reports the answer with `learn`, or at least its absence with `go_on`.

        Raises:
            RequestError: the host is known to want a token, and there is none.
        """
        origin = scope.endpoint.origin
        if origin.scheme == "https":
            self._wait_for_the_first(origin)
        challenge = self._challenges.get(origin)
        if challenge is None:
            return ""
        try:
            return self._authorization(scope, challenge)
        except RequestError as error:
            if origin in self._proven or error.pause is not None or error.retry is Retry.PATIENTLY:
                raise
            return ""  # what the host says to this one will tell

    def _authorization(self, scope: Scope, challenge: Challenge) -> str:
        login = self._login(scope)
        if login and login.registry_token:
            return f"Bearer {login.registry_token}"
        if challenge.scheme == "basic":
            return login.basic if login else ""
        return self._token(scope, challenge)

    def learn(self, answer: Answer) -> None:
        """Note what an answer says about its host's logins."""
        origin = answer.request.origin
        if answer.status == HTTPStatus.UNAUTHORIZED:
            challenge = _preferred(answer)
            if challenge is not None and origin not in self._proven:
                with self._lock:
                    self._challenges[origin] = challenge

    def go_on(self, origin: Origin) -> None:
        """Let those go who waited for the first answer of a host."""
        if first := self._first.get(origin):
            first.set()

    def answer(self, scope: Scope, refused: Answer, *, again: bool) -> str:
        """The Authorization to try once more with; "" if there is nothing better to send.

        Args:
            refused: a 401, or another refusal.
            again: whether it is not the first for this request: then a new token is no way out, but one that
                somebody else asked for meanwhile is.

        Raises:
            RequestError: there is no token.
        """
        origin, sent = scope.endpoint.origin, refused.request.authorization
        if refused.request.origin != origin:
            return ""  # another host's challenge, after a redirect, is none of this login's business
        own = _preferred(refused) if refused.status == HTTPStatus.UNAUTHORIZED else None
        challenge = own or self._challenges.get(origin)
        if challenge is None:
            return ""
        with self._lock:
            token = self._tokens.get(_key(scope))
            is_current = token is not None and token.header == sent
            if token and is_current and token.shared:
                self._expected.pop(origin, None)  # it did not cover this one
            elif refused.status != HTTPStatus.UNAUTHORIZED or (again and is_current):
                return ""
            if is_current:
                del self._tokens[_key(scope)]
        header = self._authorization(scope, challenge)
        return "" if header == sent else header

    def complaint(self, scope: Scope) -> str:
        """Why there is no login although one is configured; "" if none is, or it is there."""
        return self._credentials.find(scope.endpoint.registry, scope.repository).complaint

    def _wait_for_the_first(self, origin: Origin) -> None:
        with self._lock:
            first = self._first.get(origin)
            if first is None:
                self._first[origin] = threading.Event()
        if first is not None:
            first.wait(_LONGEST_WAIT)
        elif (server := _AHEAD.get(origin.host)) and self._expected.get(origin):
            self._transport.connect(origin_of_url(server, self._settings))

    def _login(self, scope: Scope) -> Login | None:
        return self._credentials.find(scope.endpoint.registry, scope.repository).login

    def _token(self, scope: Scope, challenge: Challenge) -> str:
        self._login(scope)  # a helper takes its time: not under the lock
        while True:
            with self._lock:
                token = self._tokens.get(_key(scope))
                if token and token.expires > time.monotonic():
                    return token.header
                fetch = self._fetches.get(_key(scope))
                together = [] if fetch else self._together(scope)
                if together:
                    fetch = _Fetch()
                    self._fetches.update((_key(each), fetch) for each in together)
            if fetch is None:
                continue
            if not together:
                fetch.done.wait()
            elif token := self._fetch(fetch, together, challenge):
                return token.header  # however short its life is
            if fetch.error:
                raise replace(fetch.error)

    def _together(self, scope: Scope) -> list[Scope]:
        """The scope itself, and those that one token may be asked for together with it."""
        expected = self._expected.get(scope.endpoint.origin, {})
        if _key(scope) not in expected:
            return [scope]
        now, login = time.monotonic(), self._login(scope)
        others = (
            each
            for key, each in expected.items()
            if each.scopes != scope.scopes
            and key not in self._fetches
            and not ((token := self._tokens.get(key)) and token.expires > now)
            and self._login(each) == login
        )
        return [scope, *(each for each, _ in zip(others, range(_MOST_TOGETHER - 1), strict=False))]

    def _fetch(self, fetch: _Fetch, together: list[Scope], challenge: Challenge) -> _Token | None:
        """Ask for a token, and tell those who wait; None, without an error, where each is to ask alone."""
        token = None
        try:
            token = self._ask(together, challenge)
        except RequestError as error:
            if len(together) == 1 or error.retry is not Retry.NEVER or error.pause is not None:
                fetch.error = error
        finally:
            with self._lock:
                if token is None and fetch.error is None:
                    self._expected.pop(together[0].endpoint.origin, None)
                for each in together:
                    del self._fetches[_key(each)]
                    if token:
                        self._tokens[_key(each)] = token
            fetch.done.set()
        return token

    def _ask(self, together: list[Scope], challenge: Challenge) -> _Token:
        scope = together[0]
        login = self._login(scope)
        asked = time.monotonic()
        answer = self._transport.send(token_request(together, challenge, login, self._settings))
        if answer.status != HTTPStatus.OK:
            error = refusal(
                answer, (login.password, login.identity_token, login.registry_token) if login else ()
            )
            if error.kind == "unauthorized":
                error.remedy = login_remedy(scope.endpoint.registry, self.complaint(scope))
            if error.kind == "not-found":  # which would say that there is no such image
                error.kind, error.remedy = "unavailable", "Check the registry's configuration."
            raise error
        token, life = parse_token(answer)
        self._challenges[scope.endpoint.origin] = challenge
        self._proven.add(scope.endpoint.origin)
        return _Token(f"Bearer {token}", asked + life * (1 - _MARGIN), len(together) > 1)


def _key(scope: Scope) -> _Key:
    return (scope.endpoint.origin, scope.scopes)


def _preferred(answer: Answer) -> Challenge | None:
    """The challenge to answer, its realm made absolute; a Bearer without one helps nobody."""
    known = {
        challenge.scheme: challenge for challenge in parse_challenges(answer.all_headers("www-authenticate"))
    }
    bearer, basic = known.get("bearer"), known.get("basic")
    if bearer is None or (basic and not bearer.parameters.get("realm")):
        return basic
    realm = bearer.parameters.get("realm", "")
    here = answer.request.origin.url + answer.request.target
    try:
        absolute = urljoin(here, realm) if realm else ""
    except ValueError:
        absolute = realm  # `token_request` says what is wrong with it
    return Challenge("bearer", {**bearer.parameters, "realm": absolute})
