"""The service as an application: the original's API, answered from memory. No HTTP here."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.service.answer import Answer, accepts
from lsp_assembler.service.errors import RequestError, argument, malformed
from lsp_assembler.service.kept import Kept
from lsp_assembler.service.manifests import rendered

MAX_BODY = 16 * 1024
"""The most bytes of a body that is read: more would hold up others, and the longest name is far from it."""

_ALIVE = Answer(rendered({"alive?": True}))
_READY = Answer(rendered({"ready?": True}))
_GETS = ("GET", "HEAD")
_TOO_LARGE = RequestError(413, "ClientError", "body:too large")
_BUG = RequestError(500, "StandardError", "a bug in lsp-assembler; its log says more")


class Request(Struct, frozen=True):
    """One request.

    Args:
        method: e.g. "GET".
        path: without its leading slash, as it was sent, e.g. "manifest" or "a%20b".
        query: what follows the question mark.
        headers: their names in lower case; of one that is there twice, both values with a comma between.
        body: what it carries.
        client: the address that it came from, e.g. "127.0.0.1"; "-" of one that was gone by then.
        is_whole: whether the body is all of it; else that is more than MAX_BODY.
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes
    client: str
    is_whole: bool = True


class Exchange(Struct, frozen=True):
    """A request with its answer, for the log and the metrics.

    Args:
        error: what was wrong with the request, e.g. "ClientError json:malformed"; "" if nothing was.
    """

    request: Request
    answer: Answer
    seconds: float
    error: str


class Parts(Struct, frozen=True):
    """What an application is made of, beside its catalog.

    Args:
        readiness: called for each /ready, so it must be quick.
        sha: what /sha says; None where nobody knows.
        page: what people see who ask for /; None to have no pages.
        metrics: what /metrics says; None to have no metrics.
        permitted: what /permitted says of a language image; raises RequestError; None to have no policy.
        shas: what /shas and the paths below it say; None where there is nothing; None to have no report.
        seen: called after each answer.
        failed: called with what is a bug.
    """

    readiness: Callable[[], Readiness] = lambda: Readiness(ready=True)
    sha: str | None = None
    page: Callable[[Request, Kept, Readiness], Answer] | None = None
    metrics: Callable[[Kept, Readiness], Answer] | None = None
    permitted: Callable[[str], Answer] | None = None
    shas: Callable[[Request], Answer | None] | None = None
    seen: Callable[[Exchange], None] = lambda _: None
    failed: Callable[[Exception], None] = lambda _: None


class Service:
    """The application. One event loop calls it; any thread may set `kept` to something else to serve."""

    def __init__(self, kept: Kept, parts: Parts) -> None:
        self.kept = kept
        self._parts = parts
        self._sha = Answer(rendered({"sha": parts.sha}))

    def answer(self, request: Request) -> Answer:
        """Answer one request; whatever goes wrong is an answer, too."""
        started = time.perf_counter()
        answer, error = self._answered(request)
        self._parts.seen(Exchange(request, answer, time.perf_counter() - started, error))
        return answer

    def _answered(self, request: Request) -> tuple[Answer, str]:
        """The answer, and what was wrong.

        No name is left to an error: with its traceback, which has this frame and so the request, it would
        stay in memory until somebody looks for cycles.
        """
        try:
            if request.is_whole:
                return self._answer(request), ""
        except RequestError as error:
            return _refused(request, error)
        except Exception as bug:  # noqa: BLE001  # one request must not end the service
            self._parts.failed(bug)
            return _refused(request, _BUG)
        return _refused(request, _TOO_LARGE)

    def _answer(self, request: Request) -> Answer:
        """The body is looked at before the path, as the original does.

        Raises:
            RequestError: it cannot be answered.
        """
        arguments = _arguments(request.body) if request.body else {}
        path = request.path
        prepared = self.kept.catalog.answers.get(path)
        if prepared is None and path == "manifest":
            name = _argument("name", request, arguments)
            prepared = self.kept.catalog.manifest(name)
            if prepared is None:
                raise argument(f"name:{name}:unknown")
        if prepared is not None:
            return prepared.answer(request.headers if request.method in _GETS else {})
        if path == "permitted" and self._parts.permitted:
            return self._parts.permitted(_argument("image_name", request, arguments))
        return self._other(request)

    def _other(self, request: Request) -> Answer:
        if request.path == "alive":
            return _ALIVE
        if request.path == "ready":
            return _readiness(self._parts.readiness())
        if request.path == "sha":
            return self._sha
        if request.path == "metrics" and self._parts.metrics:
            return self._parts.metrics(self.kept, self._parts.readiness())
        if not request.path and self._parts.page and _is_person(request):
            return self._parts.page(request, self.kept, self._parts.readiness())
        if self._parts.shas and request.path.partition("/")[0] == "shas":
            found = self._parts.shas(request)
            if found:
                return found
        raise malformed()


def _refused(request: Request, error: RequestError) -> tuple[Answer, str]:
    text = request.body.decode("utf-8", "replace")
    return error.answer(request.path, text), f"{error.name} {error.message}"


def _arguments(body: bytes) -> Mapping[str, Any]:
    # its patterns take a while to make, and probes carry nothing
    from lsp_assembler.service.request_body import BodyError, parsed

    try:
        found = parsed(body)
    except BodyError as error:
        raise RequestError(500, error.name, error.message) from error
    if not isinstance(found, dict):
        raise malformed()
    return found


def _argument(name: str, request: Request, arguments: Mapping[str, Any]) -> str:
    """The argument of a request: in the body, else, for people, in the query."""
    if name not in arguments:
        values = parse_qs(request.query.decode("utf-8", "replace"), keep_blank_values=True).get(name)
        if not values:
            raise argument(f"{name}:missing")
        return values[-1]
    value = arguments[name]
    if not isinstance(value, str):
        raise argument(f"{name}:!string")
    return value


def _readiness(state: Readiness) -> Answer:
    if state.ready:
        return _READY
    said = {"ready?": False, "pulled": state.pulled, "of": state.of, "failed": dict(state.failed)}
    return Answer(rendered(said), 503)


def _is_person(request: Request) -> bool:
    return request.method in _GETS and accepts(request.headers.get(b"accept", b""), b"text/html")
