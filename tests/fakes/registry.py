"""A registry on a real socket of 127.0.0.0/8 that keeps to the specification until told otherwise."""

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import parse_qs, urlsplit

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_ROUTE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<rest>.*)")


Together = Literal["all", "first", "refuses"]


def digest_of(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Reply:
    """One answer.

    Args:
        length: the Content-Length to claim; the true one if None; none at all if -1.
        reset: break the connection with a RST after the body, or instead of an answer if there is no body.
        drip: seconds between two bytes of the body.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None
    reset: bool = False
    drip: float = 0.0


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    time: float
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


def error_reply(status: int, code: str, message: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Reply(status, {"Content-Type": "application/json", **(headers or {})}, body)


class FakeRegistry:
    """`with FakeRegistry() as fake: fake.put_image("a/b", "LSP", layer)`.

    Args:
        host: any address of 127.0.0.0/8, so that two fakes can be two hosts.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.page_size = 1000
        self.challenge = ""
        self.allowed: set[str] = set()
        self.token_life = 300
        self.token_login = ""
        self.together: Together | None = None
        self._granted: dict[str, list[str]] = {}
        self._scripts: dict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self._forever: dict[tuple[str, str], Reply] = {}
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._server = _Server((host, 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def netloc(self) -> str:
        host, port = cast("tuple[str, int]", self._server.server_address)
        return f"{host}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def seen(self) -> list[Seen]:
        with self._lock:
            return list(self._seen)

    def seen_at(self, path: str, method: str = "GET") -> list[Seen]:
        return [seen for seen in self.seen if (seen.path, seen.method) == (path, method)]

    def script(self, path: str, *replies: Reply, method: str = "GET") -> None:
        """Give these answers, one after the other, to requests of a path; then behave again."""
        self._scripts[method, path].extend(replies)

    def always(self, path: str, reply: Reply, method: str = "GET") -> None:
        """Give this answer to every request of a path."""
        self._forever[method, path] = reply

    def require_basic(self, authorization: str) -> None:
        """Let in only who sends this Authorization header."""
        self.challenge = 'Basic realm="fake"'
        self.allowed = {authorization}

    def require_bearer(
        self,
        realm: str | None = None,
        *,
        life: int = 300,
        login: str = "",
        together: Together | None = None,
    ) -> None:
        """Let in only who brings a token from /token, which this fake serves as well.

        Args:
            login: the Authorization header that /token wants; "" hands tokens to everybody.
            together: which of several scopes a token covers, where it is to cover nothing else; None looks
                at no scopes.
        """
        self.together = together
        self.challenge = f'Bearer realm="{realm or self.url + "/token"}",service="fake"'
        self.token_life, self.token_login = life, login

    def revoke_tokens(self) -> None:
        """Forget all tokens before their time."""
        with self._lock:
            self.allowed.clear()

    def put_manifest(self, name: str, tag: str, data: bytes, media_type: str = OCI_MANIFEST) -> str:
        digest = digest_of(data)
        self.manifests[name, tag] = self.manifests[name, digest] = (media_type, data)
        return digest

    def put_image(self, name: str, tag: str, layer: bytes) -> str:
        """Store an image of one layer; returns its digest."""
        config = b"{}"
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.put_blob(name, OCI_CONFIG, config),
            "layers": [self.put_blob(name, OCI_LAYER, layer)],
        }
        return self.put_manifest(name, tag, json.dumps(document).encode())

    def put_blob(self, name: str, media_type: str, data: bytes) -> dict[str, Any]:
        self.blobs[name, digest_of(data)] = data
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    def answer(self, seen: Seen) -> Reply:
        """What to say to one request."""
        with self._lock:
            self._seen.append(seen)
            key = (seen.method, seen.path)
            if self._scripts[key]:
                return self._scripts[key].popleft()
        if key in self._forever:
            return self._forever[key]
        if seen.path == "/token":
            return self._token(seen)
        if self.challenge and not self._is_allowed(seen):
            return error_reply(
                401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": self.challenge}
            )
        return self._serve(seen)

    def _token(self, seen: Seen) -> Reply:
        if self.token_login and seen.headers.get("Authorization") != self.token_login:
            return Reply(401, {}, b'{"details":"incorrect username or password"}')
        scopes = seen.query.get("scope", [])
        if self.together == "refuses" and len(scopes) > 1:
            return error_reply(403, "DENIED", "one at a time")
        with self._lock:
            token = f"token-{len(self._seen)}"
            self.allowed.add(f"Bearer {token}")
            self._granted[f"Bearer {token}"] = scopes[:1] if self.together == "first" else scopes
        return Reply(200, {}, json.dumps({"token": token, "expires_in": self.token_life}).encode())

    def _is_allowed(self, seen: Seen) -> bool:
        sent = seen.headers.get("Authorization", "")
        route = _ROUTE.fullmatch(seen.path)
        if sent not in self.allowed or self.together is None or route is None:
            return sent in self.allowed
        needed = [f"repository:{route['name']}:pull"]
        needed += [f"repository:{source}:pull" for source in seen.query.get("from", [])]
        return all(any(scope.startswith(need) for scope in self._granted[sent]) for need in needed)

    def _serve(self, seen: Seen) -> Reply:
        route = _ROUTE.fullmatch(seen.path)
        if route is None:
            return error_reply(404, "UNSUPPORTED")
        name, kind, rest = route.groups()
        if kind == "manifests":
            return self._manifest(seen, name, rest)
        if kind == "tags":
            return self._tags(seen, name)
        if rest.startswith("uploads/"):
            return self._upload(seen, name)
        data = self.blobs.get((name, rest))
        return error_reply(404, "BLOB_UNKNOWN", "blob unknown") if data is None else Reply(body=data)

    def _manifest(self, seen: Seen, name: str, tag: str) -> Reply:
        if seen.method == "PUT":
            digest = self.put_manifest(name, tag, seen.body, seen.headers["Content-Type"])
            return Reply(201, {"Docker-Content-Digest": digest})
        if (name, tag) not in self.manifests:
            return error_reply(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, data = self.manifests[name, tag]
        return Reply(200, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(data)}, data)

    def _tags(self, seen: Seen, name: str) -> Reply:
        tags = sorted(tag for repository, tag in self.manifests if repository == name and ":" not in tag)
        after = seen.query.get("last", [""])[0]
        page = [tag for tag in tags if tag > after][: self.page_size]
        more = bool(page) and page[-1] != tags[-1]
        link = {"Link": f'</v2/{name}/tags/list?last={page[-1]}&n=1000>; rel="next"'} if more else {}
        return Reply(200, link, json.dumps({"name": name, "tags": page}).encode())

    def _upload(self, seen: Seen, name: str) -> Reply:
        if seen.method == "POST":
            source, digest = (seen.query.get(key, [""])[0] for key in ("from", "mount"))
            if (source, digest) in self.blobs:
                self.blobs[name, digest] = self.blobs[source, digest]
                return Reply(201)
            return Reply(202, {"Location": f"/v2/{name}/blobs/uploads/session?state=a%2Fb"})
        digest = seen.query["digest"][0]
        if digest != digest_of(seen.body) or seen.query.get("state") != ["a/b"]:
            return error_reply(400, "DIGEST_INVALID")
        self.blobs[name, digest] = seen.body
        return Reply(201, {"Docker-Content-Digest": digest})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the usual 5, many threads connecting at once wait a second for a SYN
    fake: FakeRegistry

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients break off on purpose here: not worth a traceback."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(
            self.command,
            self.path,
            {name.title(): value for name, value in self.headers.items()},
            body,
            time.monotonic(),
            self.client_address[1],
        )
        self._send(cast("_Server", self.server).fake.answer(seen))

    do_HEAD = do_POST = do_PUT = do_CONNECT = do_GET  # noqa: N815  http.server looks for these names

    def _send(self, reply: Reply) -> None:
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            if not reply.body:
                return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.length is None or reply.length >= 0:
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(reply)
        if reply.length is not None:
            self.close_connection = True

    def _send_body(self, reply: Reply) -> None:
        if not reply.drip:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            time.sleep(reply.drip)
