import json

import pytest

from lsp_assembler.registry.errors import login_remedy, of_status, printable, stated_error


@pytest.mark.parametrize(
    ("body", "stated"),
    [
        (
            b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}',
            "MANIFEST_UNKNOWN: manifest unknown",
        ),
        (b'{"details":"incorrect username or password"}', "incorrect username or password"),
        (b'{"error":"invalid_grant"}', "invalid_grant"),
        (b'{"errors":[]}', ""),
        (b'{"errors":[7]}', ""),
        (b'{"errors":{"code":"X"}}', ""),
        (b'{"message":7}', ""),
        (b"<html>", ""),
        (b"[" * 100_000, ""),
        (b"\xff\xfe", ""),
        (b"", ""),
    ],
)
def test_stated_error(body: bytes, stated: str) -> None:
    assert stated_error(body) == stated


def test_stated_error_is_bounded_and_printable() -> None:
    body = json.dumps({"errors": [{"code": "X", "message": "\x1b[31mred\r\n\u202e" + "a" * 9999}]}).encode()
    stated = stated_error(body)
    assert stated.startswith(r"X: \x1b[31mred\r\n\u202ea")
    assert len(stated) < 350


def test_stated_error_does_not_repeat_secrets() -> None:
    body = json.dumps(
        {"errors": [{"code": "X", "message": "no open-sesame here " + "open-sesame" * 99}]}
    ).encode()
    assert "sesame" not in stated_error(body, ("open-sesame", ""))


def test_printable_leaves_text_alone() -> None:
    assert printable("Zürich → 東京") == "Zürich → 東京"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "unavailable"),
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "not-found"),
        (405, "unavailable"),
        (408, "unavailable"),
        (429, "unavailable"),
        (500, "unavailable"),
    ],
)
def test_kinds(status: int, kind: str) -> None:
    error = of_status("ghcr.io", "the manifest", status, "CODE: words")
    assert error.kind == kind
    assert f"({status} CODE: words)" in error.fact
    assert "ghcr.io" in error.fact
    assert error.remedy


@pytest.mark.parametrize(
    ("registry", "complaint", "remedy"),
    [
        ("docker.io", "", "Log in with 'docker login', or check the name."),
        ("ghcr.io", "", "Log in with 'docker login ghcr.io', or check the name."),
        (
            "ghcr.io",
            "why",
            "Log in with 'docker login ghcr.io', or check the name (the saved login could not be read: why).",
        ),
    ],
)
def test_login_remedy(registry: str, complaint: str, remedy: str) -> None:
    assert login_remedy(registry, complaint) == remedy


def test_the_cause_is_the_same_for_every_image_of_a_host() -> None:
    told = [
        of_status("ghcr.io", "the manifest", 403, f"DENIED: {name}").about(name)
        for name in ("a/b:1", "c/d:1")
    ]
    assert {error.cause for error in told} == {"ghcr.io denies access to the manifest"}
    assert len({error.message for error in told}) == 2
