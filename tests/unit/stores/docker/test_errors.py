"""What the engine's errors mean to a user."""

import docker.errors
import pytest

from lsp_assembler.stores.docker.errors import fetch_error


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
