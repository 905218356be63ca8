"""Which server speaks for a registry: names, schemes, ports, mirrors. Pure."""

import ipaddress
from urllib.parse import urlsplit

from msgspec import Struct

from lsp_assembler.config.hosts import HostSettings, Settings

DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 100  # characters of a stranger's text in a message
_SERVERS = {"docker.io": "registry-1.docker.io"}


NO_SETTINGS = HostSettings()


class Origin(Struct, frozen=True):
    """A server: where a connection goes, and what secrets are bound to.

    Args:
        host: lower case, an IPv6 address without brackets, e.g. "registry-1.docker.io".
        ca: as in HostSettings.
    """

    scheme: str
    host: str
    port: int
    ca: str = ""

    @property
    def netloc(self) -> str:
        """As URLs and people spell it: the default port left out, e.g. "ghcr.io" or "[::1]:5000"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS[self.scheme] == self.port else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The server's root without a slash, e.g. "https://ghcr.io"."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine: never asked through a proxy, and trusted with plain http."""
        return _is_loopback(self.host)


class Endpoint(Struct, frozen=True):
    """A registry, or a mirror in its place.

    Args:
        registry: what credentials are kept under, e.g. "docker.io".
        prefix: what a mirror puts before the repository, e.g. "hub/"; else "".
    """

    registry: str
    origin: Origin
    prefix: str = ""

    def path(self, repository: str) -> str:
        """The repository as this server calls it, e.g. "hub/library/busybox" for "library/busybox"."""
        return self.prefix + repository


def endpoint_of(registry: str, settings: Settings) -> Endpoint:
    """The server of a registry.

    Args:
        registry: as `Reference.registry` gives it, e.g. "docker.io" or "localhost:5000".

    Raises:
        ValueError: it is no host; the message quotes it.
    """
    own = settings.get(registry, NO_SETTINGS)
    parts = _split(f"//{_SERVERS.get(registry, registry)}")
    plain = own.insecure or (_is_loopback(parts.host) and not own.ca)
    scheme = "http" if plain else "https"
    return Endpoint(registry, Origin(scheme, parts.host, parts.port or DEFAULT_PORTS[scheme], own.ca))


def mirror_of(registry: str, settings: Settings) -> Endpoint | None:
    """The mirror to read from first, where the settings name one.

    Raises:
        ValueError: the mirror is not a host with an optional prefix.
    """
    mirror = settings.get(registry, NO_SETTINGS).mirror
    if not mirror:
        return None
    host, _, prefix = mirror.partition("/")
    prefix = prefix.strip("/")
    server = endpoint_of(host, settings)
    return Endpoint(host, server.origin, f"{prefix}/" if prefix else "")


def origin_of_url(url: str, settings: Settings) -> Origin:
    """The server that a URL leads to, e.g. a redirect's target or a token realm.

    Raises:
        ValueError: the URL is not http or https, has no host, or carries a user name.
    """
    parts = _split(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"'{parts.scheme[:_LONGEST]}:' is not http or https")
    plain = Origin(parts.scheme, parts.host, parts.port or DEFAULT_PORTS[parts.scheme])
    own = settings.get(plain.netloc, NO_SETTINGS)
    return Origin(plain.scheme, plain.host, plain.port, own.ca) if own.ca else plain


def same_server(one: Origin, other: Origin) -> bool:
    """Whether secrets for the one may go to the other."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


class _Parts(Struct, frozen=True):
    scheme: str
    host: str
    port: int | None


def _split(url: str) -> _Parts:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]  # a user name and password are refused, and not repeated
    if not parts.hostname or host != parts.netloc or any(c <= " " or c > "~" for c in host):
        raise ValueError(
            f"{host[:_LONGEST]!a} is not a bare host; expected a name like ghcr.io or localhost:5000"
        )
    return _Parts(parts.scheme, parts.hostname.lower(), parts.port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
