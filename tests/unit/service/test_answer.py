"""Which of its forms an answer takes."""

import pytest

from lsp_assembler.service.answer import Prepared, accepts

LONG = Prepared(b"x" * 2000)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (b"text/html", True),
        (b"TEXT/HTML;q=0.1, */*", True),
        (b"application/json, text/html ; q=1.0", True),
        (b"text/html;q=0", False),
        (b"text/html;q=0.000", False),
        (b"*/*", False),
        (b"text/html5", False),
        (b"", False),
    ],
)
def test_accept(header: bytes, accepted: bool) -> None:  # noqa: FBT001  # a parameter of a case
    assert accepts(header, b"text/html") is accepted


def test_only_what_is_long_is_compressed() -> None:
    headers = {b"accept-encoding": b"gzip"}
    assert b"content-encoding: gzip\r\n" in LONG.answer(headers).head
    assert Prepared(b"short").answer(headers).body == b"short"


@pytest.mark.parametrize(("known", "status"), [(b"*", 304), (b'"x", %b', 304), (b'"x"', 200), (b"", 200)])
def test_a_client_that_has_it_gets_none_of_it(known: bytes, status: int) -> None:
    etag = dict(LONG.answer({}).more)[b"etag"]
    assert LONG.answer({b"if-none-match": known.replace(b"%b", etag)}).status == status
