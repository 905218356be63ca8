"""What gives tokens for a registry: HTTP on a Unix socket, from a thread of its own.

A token is 32 hex digits, and a folder of that name. It holds an empty file ACTION/REPOSITORY/_ for each
thing that the token allows, so a server in front of the registry looks whether a file is there, and needs
neither this service nor a signature to say yes or no.
"""

import asyncio
import base64
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.services.process import Service
from tests.services.registry import Login

MARK = "_"
"""The name of the empty file; no part of a repository's name is like that."""

PRIVATE = "private/"
"""How repositories begin that only the login may read; all others can be read by anybody."""

_EXPIRES_SECONDS = 300
_ISSUED = "2026-11-21T03:34:00Z"
_STATUS = {200: "OK", 401: "Unauthorized"}
_REFUSED = {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}


class TokenService(Service):
    """Answers GET /token?scope=repository:NAME:ACTIONS, with as many scopes as there are, with one token.

    What may not be done is left out of the token without a word, as the token specification has it; a
    login that is wrong is refused with 401.

    Args:
        socket: where it listens.
        folder: where tokens become folders; it must be there.
        login: who may do everything.
    """

    def __init__(self, socket: Path, folder: Path, login: Login) -> None:
        self._socket = socket
        self._folder = folder
        self._basic = "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Start, and return when it listens."""
        self._thread.start()
        listen = asyncio.start_unix_server(self._serve, self._socket)
        self._server = asyncio.run_coroutine_threadsafe(listen, self._loop).result()

    def stop(self) -> None:
        """Stop. May be called twice, or without a start."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def token(self, scopes: Sequence[str], *, trusted: bool) -> str:
        """A new token.

        Args:
            scopes: e.g. ["repository:java_junit:pull"]; what is no such scope allows nothing.
            trusted: whether it is for the login, or for anybody.
        """
        token = secrets.token_hex(16)
        folder = self._folder / token
        folder.mkdir()
        for action, repository in _granted(scopes, trusted=trusted):
            allowed = folder / action / repository
            allowed.mkdir(parents=True, exist_ok=True)
            (allowed / MARK).touch()
        return token

    async def _end(self) -> None:
        if self._server:
            self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets one turn later

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other, until the other side has no more."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.decode("latin-1")))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            writer.close()

    def _answer(self, head: str) -> bytes:
        """The whole answer to the head of a GET."""
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        login = headers.get("authorization")
        if login not in (None, self._basic):
            return _reply(401, _REFUSED)
        scopes = parse_qs(urlsplit(first.split()[1]).query).get("scope", [])
        token = self.token(scopes, trusted=login is not None)
        both = {"token": token, "access_token": token}
        return _reply(200, {**both, "expires_in": _EXPIRES_SECONDS, "issued_at": _ISSUED})


def _granted(scopes: Sequence[str], *, trusted: bool) -> Iterator[tuple[str, str]]:
    """Action and repository of all that is asked for and allowed; one parameter may hold several scopes."""
    for scope in " ".join(scopes).split():
        kind, _, rest = scope.partition(":")
        repository, _, actions = rest.rpartition(":")
        if kind != "repository" or not repository or ".." in repository or repository.startswith("/"):
            continue
        for action in {"pull", "push", "delete"}.intersection(actions.split(",")):
            if trusted or (action == "pull" and not repository.startswith(PRIVATE)):
                yield action, repository


def _reply(status: int, body: object) -> bytes:
    content = json.dumps(body).encode()
    lines = (
        f"HTTP/1.1 {status} {_STATUS[status]}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + content
