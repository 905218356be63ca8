"""The application without a socket: what the integration tests cannot bring about."""

import gc
import json
from types import FrameType
from typing import Any

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.service.app import Exchange, Parts, Request, Service
from tests.unit.service.served import kept, point


def ask(service: Service, path: str, **headers: str) -> tuple[int, Any]:
    """The status and the JSON of an answer to a GET."""
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    answer = service.answer(Request("GET", path, b"", sent, b"", ""))
    return answer.status, json.loads(answer.body)


def test_readiness_is_what_it_is_said_to_be_each_time() -> None:
    state = Readiness(ready=False, pulled=41, of=84, failed={"a:1": "no such image"})
    service = Service(kept(point("0", "A")), Parts(readiness=lambda: state))
    said = {"ready?": False, "pulled": 41, "of": 84, "failed": {"a:1": "no such image"}}
    assert ask(service, "ready") == (503, said)
    assert ask(service, "alive") == (200, {"alive?": True})
    state = Readiness(ready=True)
    assert ask(service, "ready") == (200, {"ready?": True})


def test_what_is_served_is_swapped_as_a_whole() -> None:
    service = Service(kept(point("0", "A")), Parts())
    service.kept = kept(point("0", "B"), point("1", "C"))
    assert ask(service, "names") == (200, {"names": ["B", "C"]})


def test_a_bug_is_told_and_ends_one_request_only() -> None:
    bugs: list[Exception] = []
    seen: list[Exchange] = []

    def broken() -> Readiness:
        raise ZeroDivisionError

    parts = Parts(readiness=broken, failed=bugs.append, seen=seen.append)
    service = Service(kept(point("0", "A")), parts)
    status, answer = ask(service, "ready")
    assert (status, answer["exception"]["class"]) == (500, "StandardError")
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]
    assert seen[0].error == "StandardError a bug in lsp-assembler; its log says more"
    assert ask(service, "names")[0] == 200


def test_without_pages_people_get_what_programs_get() -> None:
    service = Service(kept(point("0", "A")), Parts())
    for path in ("", "shas", "shas/"):
        assert ask(service, path, accept="text/html")[0] == 400


def test_what_was_wrong_keeps_no_request() -> None:
    service = Service(kept(point("0", "A")), Parts())
    asked = [Request("POST", "manifest", b"", {}, body, "") for body in (b"{}", b"[", b"\xff", b"[]")]
    asked.append(Request("POST", "x", b"", {}, b"", "", is_whole=False))
    for request in asked:  # what is imported at first leaves cycles, too
        service.answer(request)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for request in asked:
            service.answer(request)
        gc.collect()
        found = [each for each in gc.garbage if isinstance(each, Request | FrameType)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert found == [], "which would stay in memory until somebody looks for cycles"
