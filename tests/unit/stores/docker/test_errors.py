"""What the engine's errors mean to a user."""

import http.client

import docker.errors
import pytest
import requests
import urllib3

from lsp_assembler.stores.docker.errors import engine_error, fetch_error

_GONE = http.client.RemoteDisconnected("Remote end closed connection without response")
_REFUSED = ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize(
    ("words", "kind", "cause"),
    [
        (
            "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
            "disk-full",
            "the engine's disk is full",
        ),
        ("pull access denied for acme/a, repository does not exist", "not-found", "no such image or tag"),
        ("dial tcp: lookup ghcr.io: no such host", "unavailable", ""),
    ],
)
def test_a_cause_is_known_where_the_words_name_an_image_or_a_file(words: str, kind: str, cause: str) -> None:
    error = fetch_error("acme/a:LSP", docker.errors.DockerException(words))
    assert (error.kind, error.cause) == (kind, cause)
    assert words in error.message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", _GONE)),
            "the engine closed the connection",
        ),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", _REFUSED)),
            "Connection refused",
        ),
        (
            requests.exceptions.ChunkedEncodingError("Response ended prematurely"),
            "the engine closed the connection",
        ),
    ],
)
def test_an_engine_that_goes_away(error: Exception, words: str) -> None:
    assert fetch_error("acme/a:LSP", error).message == f"acme/a:LSP: cannot pull it: {words}"
    assert engine_error(error).message == f"Docker Engine: no answer ({words})"
