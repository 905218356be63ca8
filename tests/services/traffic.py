"""What went over the wire, as the access log of a `RealisticRegistry` tells it. Pure."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Host = Literal["registry", "tokens", "blobs"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the server saw it.

    Args:
        host: which of the three it went to.
        connection: different for each connection, e.g. 17.
        number: how many requests the connection had carried with it, 1 for the first.
        protocol: e.g. "HTTP/2.0".
        path: with its query, e.g. "/v2/java_junit/manifests/LSP".
        authorization: the scheme of its Authorization header, e.g. "Bearer"; "" if it had none.
    """

    host: Host
    connection: int
    number: int
    protocol: str
    method: str
    path: str
    status: int
    authorization: str


def requests_in(log: str) -> tuple[Request, ...]:
    """The requests of a log, one JSON object a line, in the order in which they were finished."""
    return tuple(Request(**json.loads(line)) for line in log.splitlines())


def requests_to_hosts(requests: Iterable[Request]) -> dict[Host, int]:
    """How many requests each host got, e.g. {"registry": 252, "tokens": 1, "blobs": 168}."""
    return dict(Counter(request.host for request in requests))


def connections_to_hosts(requests: Iterable[Request]) -> dict[Host, int]:
    """How many connections each host was asked over, e.g. {"registry": 1, "tokens": 1, "blobs": 1}.

    A connection over which nobody asked for anything is in no access log, and not counted.
    """
    return dict(Counter(host for host, _ in {(request.host, request.connection) for request in requests}))
