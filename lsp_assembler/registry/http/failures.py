"""What libcurl says went wrong, in the words that the user will read."""

import re
from dataclasses import replace
from http import HTTPStatus

import pycurl

from lsp_assembler.model.address import without_secrets
from lsp_assembler.registry.errors import RequestError, Retry, printable
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.http.proxies import Proxy
from lsp_assembler.registry.http.transfer import CLOSED, STALLED, Failure

_LATER = "Try again later."
_NETWORK = "Check the network, or allow more time with --patience and --stall-timeout."
_NO_HTTP = (pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY)
_BROKEN = (
    pycurl.E_GOT_NOTHING,
    pycurl.E_RECV_ERROR,
    pycurl.E_SEND_ERROR,
    pycurl.E_PARTIAL_FILE,
    pycurl.E_HTTP2,
    92,  # CURLE_HTTP2_STREAM, which pycurl has no name for
    pycurl.E_SEND_FAIL_REWIND,
)
_PROXY = 97  # CURLE_PROXY, the same
_VERDICT = re.compile(r"^SSL certificate (OpenSSL verify result|problem): | \([0-9]+\)$")
_TLS = (
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_ISSUER_ERROR,
    pycurl.E_SSL_INVALIDCERTSTATUS,
)


def error_of(origin: Origin, failure: Failure, proxy: Proxy | None) -> RequestError:
    """The error behind a transfer that failed.

    Args:
        proxy: that it went through.
    """
    host = origin.netloc
    if failure.code == CLOSED:
        return RequestError("unavailable", f"the client was closed while it asked {host}", "Run it again.")
    if failure.code == STALLED:
        fact = f"{host} does not answer, or too slowly"
        return RequestError("timeout", fact, _NETWORK, Retry.PATIENTLY)
    error = _of_proxy(host, failure, proxy) if proxy else _of_connecting(host, failure)
    return error or _of_exchange(host, failure)


def _of_exchange(host: str, failure: Failure) -> RequestError:
    words = _words(failure)
    if failure.code in _NO_HTTP:
        return RequestError(
            "unavailable", f"{host} does not answer in HTTP", "Check the host and its port.", Retry.TWICE
        )
    if failure.code in _BROKEN:
        return RequestError("unavailable", f"{host} broke off the answer ({words})", _LATER, Retry.PATIENTLY)
    return RequestError("unavailable", f"the request to {host} failed ({words})", _LATER, Retry.TWICE)


def _of_connecting(host: str, failure: Failure) -> RequestError | None:
    words = _words(failure)
    if failure.code == pycurl.E_COULDNT_RESOLVE_HOST:
        fact, remedy = f"cannot resolve host {host}", "Check the spelling of the host, and the network."
        return RequestError("unavailable", fact, remedy, Retry.TWICE)
    if failure.code == pycurl.E_COULDNT_CONNECT:
        fact, remedy = f"cannot connect to {host} ({words})", "Check that it runs, and the network."
        return RequestError("unavailable", fact, remedy, Retry.TWICE)
    if failure.code == pycurl.E_OPERATION_TIMEDOUT:
        # The kernel has tried several times already.
        return RequestError("timeout", f"cannot connect to {host} ({words})", "Check the network.")
    if failure.code in _TLS:
        remedy = (
            f"Name a file with the certificate of {host} in SSL_CERT_FILE, or as its ca in images.yml; "
            f"or, if it speaks plain http, say --insecure {host}."
        )
        lasting = failure.code != pycurl.E_SSL_CONNECT_ERROR  # a handshake may also just break off
        retry = Retry.NEVER if lasting else Retry.TWICE
        return RequestError("unavailable", f"no TLS connection to {host} ({words})", remedy, retry)
    return None


def _of_proxy(host: str, failure: Failure, proxy: Proxy) -> RequestError | None:
    """What failed on the way to, or in, a proxy; its login is not repeated."""
    remedy = f"Check {proxy.variable} and NO_PROXY."
    if failure.proxy_status >= HTTPStatus.BAD_REQUEST:
        fact = f"the proxy {proxy.url} refuses to connect to {host} ({failure.proxy_status})"
        if failure.proxy_status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            remedy = f"Put the proxy's login into {proxy.variable}: http://USER:PASSWORD@HOST:PORT."
        return RequestError("unavailable", fact, remedy)
    if failure.code == pycurl.E_COULDNT_RESOLVE_PROXY:
        return RequestError("unavailable", f"cannot resolve the proxy {proxy.url}", remedy, Retry.TWICE)
    fact = f"cannot connect to {host} through the proxy {proxy.url} ({_words(failure)})"
    if failure.code == _PROXY:
        return RequestError("unavailable", fact, remedy, Retry.TWICE)
    error = _of_connecting(host, failure)
    if error is None or failure.code == pycurl.E_PEER_FAILED_VERIFICATION:
        return error
    return replace(error, fact=fact, remedy=remedy)


def _words(failure: Failure) -> str:
    words = failure.reason or _VERDICT.sub("", failure.words)
    return printable(without_secrets(words.strip()) or f"error {failure.code}")
