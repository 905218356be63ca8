"""Sending one request, and following where it is sent on to."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace as replaced
from urllib.parse import quote, urljoin

import pycurl
from msgspec.structs import replace

from lsp_assembler.config.hosts import Settings
from lsp_assembler.registry.errors import RequestError, Retry
from lsp_assembler.registry.hosts import DEFAULT_PORTS, Origin, origin_of_url, same_server
from lsp_assembler.registry.http.certificates import Trust, trusted
from lsp_assembler.registry.http.driver import Driver
from lsp_assembler.registry.http.exchange import Answer, Request
from lsp_assembler.registry.http.failures import error_of
from lsp_assembler.registry.http.proxies import proxy_for
from lsp_assembler.registry.http.transfer import STALLED, Allowed, Transfer
from lsp_assembler.registry.options import ClientOptions
from lsp_assembler.registry.retry import Waiter

_REDIRECTS = 5
_SAFE_METHODS = ("GET", "HEAD")
_MOVED = (301, 302, 303, 307, 308)
_MOVED_WITH_BODY = (307, 308)
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_DIRECTLY = ""  # set, because libcurl would read the environment itself


class Transport:
    """The connections to all hosts. Safe to share between threads.

    Args:
        settings: certificates to trust, by host.
        waiter: holds back requests to hosts that asked for a pause.
        environ: where proxies and certificates are named.
    """

    def __init__(
        self, settings: Settings, options: ClientOptions, waiter: Waiter, environ: Mapping[str, str]
    ) -> None:
        self.options = options
        self._settings = settings
        self._waiter = waiter
        self._environ = environ
        stall = min(options.read_timeout, options.patience or options.read_timeout)
        self._driver = Driver(options.connections, stall)
        self._trusted: dict[str, Trust] = {}
        self._trusting = threading.Lock()

    def close(self) -> None:
        """End all requests, and close all connections."""
        self._driver.close()
        for trust in self._trusted.values():
            trust.close()

    def send(self, request: Request) -> Answer:
        """Send a request and follow its redirects.

        Returns:
            the first answer that is no redirect, whatever its status.

        Raises:
            RequestError: no answer, or a redirect that must not be followed.
        """
        for _ in range(_REDIRECTS + 1):
            self._waiter.pass_gate(request.origin.netloc)
            answer = self._send_once(request)
            moved = _MOVED if request.method in _SAFE_METHODS else _MOVED_WITH_BODY
            if answer.status not in moved:
                return answer
            origin, target = self.resolve(answer, answer.header("location"))
            secret = request.authorization if same_server(request.origin, origin) else ""
            request = replace(request, origin=origin, target=target, authorization=secret)
        fact = f"{request.origin.netloc} redirects without end; {_REDIRECTS} redirects are the most"
        raise RequestError("unavailable", fact, "Check the registry, or its mirror.")

    def resolve(self, answer: Answer, location: str) -> tuple[Origin, str]:
        """Where a Location, absolute or relative, leads from an answer: server and target.

        Raises:
            RequestError: it leads nowhere, or from https to http.
        """
        here = answer.request.origin
        if not location:
            fact = f"{here.netloc} answers {answer.status} without a Location"
            raise RequestError("unavailable", fact, "Check the registry, or its mirror.")
        try:
            url = urljoin(here.url + answer.request.target, location)
            origin = origin_of_url(url, self._settings)
        except ValueError as error:
            fact = f"{here.netloc} redirects to a place that is no URL ({error})"
            raise RequestError("unavailable", fact, "Check the registry, or its mirror.") from None
        if same_server(here, origin) or _is_same_behind_tls(here, origin):
            origin = here
        elif here.scheme == "https" != origin.scheme:
            fact = f"{here.netloc} redirects from https to http, at {origin.netloc}"
            raise RequestError("unavailable", fact, "Check the registry, or the proxy in front of it.")
        return origin, target_of_url(url)

    def connect(self, origin: Origin) -> None:
        """Open a connection that is going to be needed; whether it works is seen when it is."""
        with contextlib.suppress(RequestError):
            easy = self._easy(Request("a connection", "HEAD", origin, "/"))
            self._driver.start(Transfer(easy, origin.url, 0, self._allowed(origin)))

    def _send_once(self, request: Request) -> Answer:
        in_chunks = None if isinstance(request.body, bytes) else request.body
        host, allowed = request.origin.netloc, self._allowed(request.origin)
        easy = self._easy(request)
        transfer = Transfer(easy, request.origin.url, request.limit, allowed, sends=in_chunks is not None)
        self._driver.start(transfer)
        if in_chunks is not None:
            transfer.send(in_chunks)
        transfer.wait()
        body = transfer.body()
        self._waiter.excuse(transfer.excused)
        is_silent = transfer.failure is not None and transfer.failure.code == STALLED and not transfer.status
        was_silent = self._waiter.note(host, silent=is_silent)
        if transfer.failure and not transfer.is_enough:
            error = error_of(request.origin, transfer.failure, proxy_for(request.origin, self._environ))
            raise replaced(error, retry=Retry.NEVER) if is_silent and was_silent else error
        chunks = self._chunks(request, transfer, transfer.excused)
        return Answer(request, transfer.status, transfer.headers(), body, chunks, transfer.cancel)

    def _chunks(self, request: Request, transfer: Transfer, excused: float) -> Iterator[bytes]:
        yield from transfer.chunks()
        self._waiter.excuse(transfer.excused - excused)
        if transfer.failure:
            raise error_of(request.origin, transfer.failure, None)

    def _allowed(self, origin: Origin) -> Allowed:
        patience = self._waiter.patience_with(origin.netloc)
        return Allowed(min(self.options.connect_timeout, patience), patience)

    def _easy(self, request: Request) -> pycurl.Curl:
        """A handle that follows nothing by itself and knows no secret but the request's."""
        easy, origin = pycurl.Curl(), request.origin
        easy.setopt(pycurl.URL, origin.url + request.target)
        easy.setopt(pycurl.PATH_AS_IS, 1)
        easy.setopt(pycurl.NOSIGNAL, 1)
        headers = {"User-Agent": self.options.user_agent, "Accept": "*/*", "Expect": "", **request.headers}
        if request.authorization:
            headers["Authorization"] = request.authorization
        _set_body(easy, request, headers)
        lines = [f"{name}: {value}" if value else f"{name}:" for name, value in headers.items()]
        easy.setopt(pycurl.HTTPHEADER, lines)
        if origin.scheme == "https":
            easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
            easy.setopt(pycurl.PIPEWAIT, 1)
            self._set_trust(easy, origin.ca)
        else:
            easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        self._set_proxy(easy, origin)
        return easy

    def _set_trust(self, easy: pycurl.Curl, ca: str) -> None:
        with self._trusting:
            if ca not in self._trusted:
                self._trusted[ca] = trusted(ca, self._environ)
            trust = self._trusted[ca]
        for option, value in ((pycurl.CAINFO, trust.file), (pycurl.CAPATH, trust.folder)):
            if value:
                easy.setopt(option, os.fsencode(value))
            else:
                easy.unsetopt(option)
        if trust.bundle:
            easy.setopt(pycurl.CAINFO_BLOB, trust.bundle)

    def _set_proxy(self, easy: pycurl.Curl, origin: Origin) -> None:
        proxy = proxy_for(origin, self._environ)
        easy.setopt(pycurl.PROXY, _bytes(proxy.url) if proxy else _DIRECTLY)
        easy.setopt(pycurl.NOPROXY, "")
        if proxy and proxy.username:
            easy.setopt(pycurl.PROXYUSERNAME, _bytes(proxy.username))
            easy.setopt(pycurl.PROXYPASSWORD, _bytes(proxy.password))
        if proxy and proxy.url.startswith("https:"):
            trust = trusted("", self._environ)
            if trust.file:
                easy.setopt(pycurl.PROXY_CAINFO, os.fsencode(trust.file))
            if trust.folder:
                easy.setopt(pycurl.PROXY_CAPATH, os.fsencode(trust.folder))


def _bytes(text: str) -> bytes:
    """A part of a variable, whatever characters are in it; libcurl's Python would take ASCII only."""
    return text.encode("utf-8", "surrogateescape")


def _is_same_behind_tls(here: Origin, there: Origin) -> bool:
    """Whether a registry calls itself http, because it does not know of the https proxy in front of it."""
    ports = (DEFAULT_PORTS["http"], here.port)
    return (
        (here.scheme, there.scheme) == ("https", "http") and here.host == there.host and there.port in ports
    )


def target_of_url(url: str) -> str:
    """Path and query of an absolute URL, e.g. "/token?a=b", with all that is no visible ASCII escaped."""
    rest = re.sub(r"^[a-zA-Z]+://[^/?#]*", "", url).partition("#")[0]
    return quote(rest if rest.startswith("/") else f"/{rest}", safe=_VISIBLE)


def _set_body(easy: pycurl.Curl, request: Request, headers: dict[str, str]) -> None:
    if request.method == "HEAD":
        easy.setopt(pycurl.NOBODY, 1)
    elif request.body is None and request.method == "GET":
        easy.setopt(pycurl.HTTPGET, 1)
    elif request.body is None or isinstance(request.body, bytes):
        easy.setopt(pycurl.POST, 1)
        easy.setopt(pycurl.POSTFIELDS, request.body or b"")
        easy.setopt(pycurl.CUSTOMREQUEST, request.method)
        headers.setdefault("Content-Type", "")
    else:
        easy.setopt(pycurl.UPLOAD, 1)
        easy.setopt(pycurl.INFILESIZE_LARGE, request.size)
        easy.setopt(pycurl.CUSTOMREQUEST, request.method)
