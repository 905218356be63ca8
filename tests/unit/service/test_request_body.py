"""Bodies are read as Ruby's JSON reads them: bodies.json has what version 2.21 of it says."""

import json
from typing import Any

import pytest

from lsp_assembler.service.request_body import BodyError, parsed
from tests import ROOT

RECORDED = json.loads((ROOT / "tests/cases/service/bodies.json").read_text("utf-8"))


def digits(value: Any) -> Any:
    """A value as `parsed` gives it, in which a number is its digits, which are no matter here."""
    if isinstance(value, dict):
        return {key: digits(each) for key, each in value.items()}
    if isinstance(value, list):
        return [digits(each) for each in value]
    return "number" if isinstance(value, bytes | int | float) and not isinstance(value, bool) else value


@pytest.mark.parametrize(("body", "name", "said"), RECORDED)
def test_it_reads_and_complains_as_ruby_does(body: str, name: str, said: Any) -> None:
    if name == "ok":
        assert digits(parsed(body.encode())) == digits(said)
        return
    with pytest.raises(BodyError) as caught:
        parsed(body.encode())
    assert (caught.value.name, caught.value.message) == (name, said)


def test_what_is_no_utf_8_is_no_json() -> None:
    with pytest.raises(BodyError, match="illegal/malformed utf-8"):
        parsed(b'{"name":"\xff"}')


def test_what_is_nested_is_read_without_recursion() -> None:
    assert parsed(b"[" * 100 + b"]" * 100) != []
    with pytest.raises(BodyError, match="nesting of 101 is too deep"):
        parsed(b"[" * 60_000)
