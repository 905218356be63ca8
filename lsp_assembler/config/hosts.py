"""What the user says about single registries. Pure."""

from collections.abc import Mapping

from msgspec import Struct


class HostSettings(Struct, frozen=True):
    """What the user says about one registry.

    Args:
        insecure: it speaks plain http.
        mirror: where to read first, a host and optionally a prefix, e.g. "mirror.example.com:5000/hub".
        ca: path of a PEM file with certificates to trust besides the system's.
    """

    insecure: bool = False
    mirror: str = ""
    ca: str = ""


Settings = Mapping[str, HostSettings]
"""By the host as image names spell it, e.g. "docker.io" or "localhost:5000"."""
