"""Requests that log in as needed, and answers that are checked: what reading and publishing stand on."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.registry.auth import Authenticator
from lsp_assembler.registry.errors import RequestError, Retry, login_remedy
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.http.exchange import Answer, Request, refusal
from lsp_assembler.registry.http.transport import Transport
from lsp_assembler.registry.retry import Waiter
from lsp_assembler.registry.tokens import Scope

_SMALL = 1024 * 1024
_LOGINS = 3
_REFUSALS = (400, 401, 403, 431)  # some servers say so of a token that is too long, or names others


class Call(Struct, frozen=True):
    """One request to a registry, before it is known which login it needs.

    Args:
        what: it is about, for errors, e.g. "the manifest".
        target: path and query, e.g. "/v2/library/busybox/manifests/latest".
        accepted: the statuses that are a success.
        body, size, limit: as in Request.
    """

    what: str
    method: str
    target: str
    headers: Mapping[str, str] = {}
    accepted: tuple[int, ...] = (HTTPStatus.OK,)
    body: bytes | Iterable[bytes] | None = None
    size: int = 0
    limit: int | None = _SMALL


class Session:
    """One client's connections, tokens and pauses. Safe to share between threads."""

    def __init__(self, transport: Transport, authenticator: Authenticator, waiter: Waiter) -> None:
        self.transport = transport
        self.waiter = waiter
        self._authenticator = authenticator

    def close(self) -> None:
        """Wake all who wait, close all connections."""
        self.waiter.close()
        self.transport.close()

    def call(self, scope: Scope, call: Call, at: tuple[Origin, str] | None = None) -> Answer:
        """Send a request; log in if the host asks for it.

        Args:
            at: where a Location led, in place of the registry's own server and `call.target`. Another
                server gets no login.

        Returns:
            an answer with an accepted status.

        Raises:
            RequestError: anything else.
        """
        own = scope.endpoint.origin
        origin, target = at or (own, call.target)
        request = Request(
            call.what, call.method, origin, target, "", call.headers, call.body, call.size, call.limit
        )
        answer = self._send_with_login(scope, request) if origin == own else self.transport.send(request)
        if answer.status not in call.accepted:
            raise self._refused(scope, answer)
        return answer

    def _send_with_login(self, scope: Scope, request: Request) -> Answer:
        try:
            request = replace(request, authorization=self._authenticator.header(scope))
            answer = self.transport.send(request)
            self._authenticator.learn(answer)
        finally:
            self._authenticator.go_on(request.origin)
        for attempt in range(_LOGINS):
            if answer.status not in _REFUSALS:
                break
            authorization = self._authenticator.answer(scope, answer, again=attempt > 0)
            if not authorization:
                break
            answer = self.transport.send(replace(request, authorization=authorization))
        return answer

    def _refused(self, scope: Scope, answer: Answer) -> RequestError:
        error = refusal(answer)
        if answer.request.origin != scope.endpoint.origin:
            if error.retry is Retry.NEVER:
                error.retry = Retry.TWICE  # a signed URL may have expired: the next one has not
        elif error.kind == "unauthorized":
            error.remedy = login_remedy(scope.endpoint.registry, self._authenticator.complaint(scope))
        return error
