"""Requests that log in as needed, and answers that are checked: what reading and publishing stand on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from lsp_assembler.registry.answer import Answer, Request
from lsp_assembler.registry.auth import Access, Authenticator
from lsp_assembler.registry.errors import Trouble, login_remedy
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.retry import Waiter
from lsp_assembler.registry.transport import Transport


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a registry, before it is known which login it needs.

    Args:
        what: it is about, for errors, e.g. "the manifest".
        target: path and query, e.g. "/v2/library/busybox/manifests/latest".
        accepted: the statuses that are a success.
    """

    what: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] | None = None
    accepted: tuple[int, ...] = (HTTPStatus.OK,)


class Session:
    """One client's connections, tokens and pauses. Safe to share between threads."""

    def __init__(self, transport: Transport, authenticator: Authenticator, waiter: Waiter) -> None:
        self.transport = transport
        self.waiter = waiter
        self._authenticator = authenticator

    def close(self) -> None:
        """Wake all who wait, close all idle connections."""
        self.waiter.close()
        self.transport.close()

    def call(self, access: Access, call: Call, at: tuple[Origin, str] | None = None) -> Answer:
        """Send a request; log in if the host asks for it.

        Args:
            at: where a Location led, in place of the registry's own server and `call.target`. Another
                server gets no login.

        Returns:
            an answer with an accepted status, its body unread.

        Raises:
            Trouble: anything else.
        """
        own = access.endpoint.origin
        origin, target = at or (own, call.target)
        request = Request(call.what, call.method, origin, target, "", call.headers, call.body)
        if origin == own:
            request = replace(request, authorization=self._authenticator.header(access))
        answer = self.transport.send(request)
        if answer.status == HTTPStatus.UNAUTHORIZED and origin == own:
            with answer:
                authorization = self._authenticator.answer(access, answer)
                if not authorization:
                    raise self._refused(access, answer)
            answer = self.transport.send(replace(request, authorization=authorization))
        if answer.status not in call.accepted:
            with answer:
                raise self._refused(access, answer)
        return answer

    def _refused(self, access: Access, answer: Answer) -> Trouble:
        trouble = answer.trouble()
        if trouble.kind == "unauthorized":
            complaint = self._authenticator.complaint(access)
            trouble.remedy = login_remedy(access.endpoint.registry, complaint)
        return trouble
