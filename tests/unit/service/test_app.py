"""The application without a socket: what the integration tests cannot bring about."""

import json
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
