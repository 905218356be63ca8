"""Connections to one server: directly or through a proxy, with or without TLS."""

import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager

from lsp_assembler.registry.errors import Trouble
from lsp_assembler.registry.hosts import DEFAULT_PORTS, Origin
from lsp_assembler.registry.steady import SteadyConnection, SteadyTLSConnection


@dataclass(frozen=True, slots=True)
class Pool:
    """Connections to one server; `absolute` and `headers` are for a proxy that reads our requests."""

    connections: HTTPConnectionPool
    absolute: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def pool_for(origin: Origin, size: int) -> Pool:
    """Make the pool for one server; nothing is connected yet.

    Args:
        size: how many idle connections are kept.

    Raises:
        Trouble: the server's ca cannot be read, or its proxy is of another kind.
    """
    context = _tls(origin.ca) if origin.scheme == "https" else None
    proxy = _proxy_for(origin)
    if proxy:
        pool = _proxied_pool(origin, size, proxy, context)
    elif context:
        pool = Pool(HTTPSConnectionPool(origin.host, origin.port, maxsize=size, ssl_context=context))
    else:
        pool = Pool(HTTPConnectionPool(origin.host, origin.port, maxsize=size))
    is_tls = isinstance(pool.connections, HTTPSConnectionPool)
    pool.connections.ConnectionCls = SteadyTLSConnection if is_tls else SteadyConnection
    return pool


def _proxied_pool(origin: Origin, size: int, proxy: str, context: ssl.SSLContext | None) -> Pool:
    url = urllib3.util.parse_url(proxy)
    secret = urllib3.make_headers(proxy_basic_auth=url.auth) if url.auth else {}
    manager = ProxyManager(proxy, proxy_headers=secret, maxsize=size, ssl_context=context)
    pool = manager.connection_from_host(origin.host, origin.port, origin.scheme)
    plain = origin.scheme == "http"
    return Pool(pool, plain, secret if plain else {})


def _proxy_for(origin: Origin) -> str:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY want for a server; "" for none."""
    proxy = urllib.request.getproxies().get(origin.scheme, "")
    if not proxy or origin.is_loopback or urllib.request.proxy_bypass(f"{origin.host}:{origin.port}"):
        return ""
    scheme, separator, _ = proxy.partition("://")
    if separator and scheme not in DEFAULT_PORTS:
        fact = f"the proxy for {origin.netloc} is '{scheme}:'; expected http or https"
        raise Trouble("unavailable", fact, "Check HTTPS_PROXY and HTTP_PROXY.")
    return proxy if separator else f"http://{proxy}"


def _tls(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if ca:
            context.load_verify_locations(ca)
    except OSError as error:
        fact = f"the certificates in {ca} cannot be read ({error.strerror}); expected a PEM file"
        raise Trouble("unavailable", fact, "Correct the host's ca in the settings.") from None
    return context
