"""WWW-Authenticate: how a registry says which login it wants. Pure."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# After a scheme comes a parameter, the next challenge, or the end; a parameter is told from a scheme by "=".
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=\s|,|$)(?!\s*=)")
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')


class Challenge(Struct, frozen=True):
    """One way to log in.

    Args:
        scheme: lower case, e.g. "bearer" or "basic".
        parameters: names in lower case, e.g. {"realm": "https://auth.docker.io/token"}.
    """

    scheme: str
    parameters: Mapping[str, str] = {}


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read every challenge out of the WWW-Authenticate headers of an answer.

    Follows RFC 9110, section 11.6.1, and stops quietly at what it does not understand.

    Args:
        headers: the header's values, e.g. ['Bearer realm="https://ghcr.io/token",service="ghcr.io"'].
    """
    return [challenge for header in headers for challenge in _parse(header)]


def _parse(header: str) -> list[Challenge]:
    found, position = [], 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            name, quoted, plain = parameter.groups()
            parameters[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found.append(Challenge(scheme[1].lower(), parameters))
    return found
