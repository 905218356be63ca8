"""Sending one request, and following where it is sent on to."""

import threading
from dataclasses import replace
from urllib.parse import urljoin

import urllib3

from lsp_assembler.config.hosts import Settings
from lsp_assembler.registry.answer import Answer, Request
from lsp_assembler.registry.connections import Pool, pool_for
from lsp_assembler.registry.errors import Trouble
from lsp_assembler.registry.hosts import Origin, origin_of_url, same_server
from lsp_assembler.registry.network import translated
from lsp_assembler.registry.options import ClientOptions
from lsp_assembler.registry.retry import Waiter

_REDIRECTS = 5
_NO_RETRIES = urllib3.Retry(total=False, redirect=False, status=False)
_SAFE_METHODS = ("GET", "HEAD")
_MOVED = (301, 302, 303, 307, 308)
_MOVED_WITH_BODY = (307, 308)


class Transport:
    """The connections to all hosts. Safe to share between threads.

    Args:
        settings: certificates to trust, by host.
        waiter: holds back requests to hosts that asked for a pause.
    """

    def __init__(self, settings: Settings, options: ClientOptions, waiter: Waiter) -> None:
        self.options = options
        self._settings = settings
        self._waiter = waiter
        self._lock = threading.Lock()
        self._pools: dict[Origin, Pool] = {}
        self._timeout = urllib3.Timeout(connect=options.connect_timeout, read=options.read_timeout)

    def close(self) -> None:
        """Close every idle connection; requests that are under way end by themselves."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.connections.close()

    def send(self, request: Request) -> Answer:
        """Send a request and follow its redirects.

        Returns:
            the first answer that is no redirect, whatever its status.

        Raises:
            Trouble: no answer, or a redirect that must not be followed.
        """
        for _ in range(_REDIRECTS + 1):
            self._waiter.pass_gate(request.origin.netloc)
            answer = self._send_once(request)
            moved = _MOVED if request.method in _SAFE_METHODS else _MOVED_WITH_BODY
            if answer.status not in moved:
                return answer
            with answer:
                request = self._redirected(request, answer)
        fact = f"{request.origin.netloc} redirects without end; expected at most {_REDIRECTS} redirects"
        raise Trouble("unavailable", fact, "Check the registry, or its mirror.")

    def resolve(self, answer: Answer, location: str | None) -> tuple[Origin, str]:
        """Where a Location, absolute or relative, leads from an answer: server and target.

        Raises:
            Trouble: it leads nowhere, or from https to http.
        """
        here = answer.request.origin
        try:
            url = urljoin(here.url + answer.request.target, location) if location else ""
            origin = origin_of_url(url, self._settings)
        except ValueError as error:
            fact = f"{here.netloc} sends us to a place that is no URL ({error})"
            raise Trouble("unavailable", fact, "Check the registry, or its mirror.") from None
        if same_server(here, origin):
            origin = here
        elif here.scheme == "https" != origin.scheme:
            fact = f"{here.netloc} sends us from https to http, at {origin.netloc}; expected https"
            raise Trouble("unavailable", fact, "Check the registry, or the proxy in front of it.")
        return origin, "/" + url.partition("://")[2].partition("/")[2].partition("#")[0]

    def _redirected(self, request: Request, answer: Answer) -> Request:
        origin, target = self.resolve(answer, answer.headers.get("Location"))
        secret = request.authorization if same_server(request.origin, origin) else ""
        return replace(request, origin=origin, target=target, authorization=secret)

    def _send_once(self, request: Request) -> Answer:
        pool = self._pools.get(request.origin) or self._new_pool(request.origin)
        headers = {"User-Agent": self.options.user_agent, **pool.headers, **request.headers}
        if request.authorization:
            headers["Authorization"] = request.authorization
        with translated(request.origin.netloc):
            response = pool.connections.urlopen(
                request.method,
                request.origin.url + request.target if pool.absolute else request.target,
                body=request.body,
                headers=headers,
                retries=_NO_RETRIES,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )
        return Answer(request, response)

    def _new_pool(self, origin: Origin) -> Pool:
        with self._lock:
            if origin not in self._pools:
                with translated(origin.netloc):
                    self._pools[origin] = pool_for(origin, self.options.connections)
            return self._pools[origin]
