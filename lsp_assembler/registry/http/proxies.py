"""Which proxy a server is asked through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, as in curl."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from lsp_assembler.registry.errors import RequestError, printable
from lsp_assembler.registry.hosts import Origin

_KINDS = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


class Proxy(Struct, frozen=True):
    """A proxy, and how it came to be used.

    Args:
        url: without the login, e.g. "http://proxy.example.com:3128".
        variable: which names it, e.g. "HTTPS_PROXY".
    """

    url: str
    variable: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.url!r}, {self.variable!r})"


def proxy_for(origin: Origin, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy that the environment wants for a server; None to ask it directly, as this machine always is.

    Raises:
        RequestError: the variable names no proxy that we can use.
    """
    variable, value = _setting(f"{origin.scheme}_proxy", environ)
    if not value:
        variable, value = _setting("all_proxy", environ)
    if not value or origin.is_loopback or _is_excepted(origin, _setting("no_proxy", environ)[1]):
        return None
    return _parse(variable, value)


def _parse(variable: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unusable(variable, "its value is not a URL") from None
    if parts.scheme not in _KINDS:
        raise _unusable(variable, f"'{printable(parts.scheme)}' is not a kind of proxy")
    if not host:
        raise _unusable(variable, "its value is not a URL")
    host = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
    return Proxy(url, variable, unquote(parts.username or ""), unquote(parts.password or ""))


def _unusable(variable: str, why: str) -> RequestError:
    remedy = f"Correct {variable}, e.g. http://proxy.example.com:3128; the kinds are {', '.join(_KINDS)}."
    return RequestError("unavailable", f"{variable} names no proxy that can be used: {why}", remedy)


def _setting(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """A variable in lower case, else in upper case: its name and its value, "" where neither is set."""
    spellings = [name, name.upper()]
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        spellings.pop()  # in a CGI script, HTTP_PROXY is the header "Proxy" of whoever asks
    for spelling in spellings:
        if value := environ.get(spelling, "").strip():
            return spelling, value
    return name.upper(), ""


def _is_excepted(origin: Origin, no_proxy: str) -> bool:
    patterns = re.split(r"[\s,]+", no_proxy.lower())
    return any(pattern == "*" or _matches(origin, pattern) for pattern in patterns if pattern)


def _matches(origin: Origin, pattern: str) -> bool:
    """Whether "example.com", ".example.com", "host:5000", "10.1.2.3" or "10.0.0.0/8" means the server."""
    host, separator, port = pattern.rpartition(":")
    if separator and port.isascii() and port.isdigit() and (":" not in host or host.startswith("[")):
        if int(port[:6]) != origin.port:
            return False
        pattern = host
    try:
        address = ipaddress.ip_address(origin.host)
    except ValueError:
        return f".{origin.host.rstrip('.')}".endswith(f".{pattern.strip('.')}")
    try:
        return address in ipaddress.ip_network(pattern.strip("[]"), strict=False)
    except ValueError:
        return False  # a name
