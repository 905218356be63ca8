"""What the network throws at us, in words: the one place that knows the exceptions of urllib3."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, IncompleteRead

from urllib3 import exceptions as http

from lsp_assembler.registry.errors import Again, Trouble, printable


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Turn whatever the network throws at us into a Trouble; wraps sending *and* reading."""
    try:
        yield
    except (http.HTTPError, HTTPException, OSError) as error:
        raise _of_exception(host, error) from error


def _of_exception(host: str, error: Exception) -> Trouble:
    cause = _cause(error)
    if isinstance(error, http.ClosedPoolError):
        return Trouble("unavailable", f"the client was closed while it asked {host}", "Run it again.")
    if isinstance(error, http.TimeoutError) and not isinstance(error, http.NewConnectionError):
        # A connection that timed out has been tried several times by the kernel.
        again = Again.NEVER if isinstance(error, http.ConnectTimeoutError) else Again.BRIEFLY
        fact = f"{host} does not answer, or too slowly; expected bytes to keep coming"
        return Trouble("timeout", fact, "Check the network, or allow more time.", again)
    if isinstance(error, (http.NewConnectionError, http.ProxyError)) or isinstance(cause, ssl.SSLError):
        return _no_connection(host, error, cause)
    if isinstance(cause, HTTPException) and not isinstance(cause, (IncompleteRead, ConnectionError)):
        fact = f"{host} does not answer in HTTP ({_words(cause)}); expected a registry there"
        return Trouble("unavailable", fact, "Check the host and its port.")
    fact = f"{host} broke off the answer ({_words(cause)}); expected all of it"
    return Trouble("unavailable", fact, "Try again later.", Again.PATIENTLY)


def _no_connection(host: str, error: Exception, cause: BaseException) -> Trouble:
    if isinstance(error, http.ProxyError):
        fact = f"the proxy on the way to {host} does not let us through ({_words(cause)})"
        return Trouble("unavailable", fact, "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.")
    if isinstance(cause, ssl.SSLError):
        remedy = f"Give the certificate of {host} as its ca, or, if it speaks plain http, call it insecure."
        return Trouble("unavailable", f"no TLS connection to {host} ({_words(cause)})", remedy)
    if isinstance(error, http.NameResolutionError):
        fact = f"the host {host} is not known here ({_words(cause)}); expected its address"
        return Trouble("unavailable", fact, "Check the spelling of the host, and the network.", Again.BRIEFLY)
    fact = f"no connection to {host} ({_words(cause)}); expected a registry there"
    return Trouble("unavailable", fact, "Check that it runs, and the network.", Again.BRIEFLY)


def _cause(error: BaseException) -> BaseException:
    """The first error in the chain that says what really happened, e.g. a ConnectionRefusedError."""
    found = error
    for inner in (error.__cause__, error.__context__, *error.args):
        if isinstance(inner, Exception):
            found = _cause(inner)
            break
    return found


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return printable(error.verify_message)
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return printable(str(error) or type(error).__name__)
