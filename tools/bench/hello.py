"""The least that an application on uvicorn can do: what the service is measured against."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

_HEADERS = ((b"content-type", b"text/plain"), (b"content-length", b"5"))


async def app(
    _scope: Mapping[str, Any], _receive: object, send: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> None:
    """Say hello."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"hello"})
