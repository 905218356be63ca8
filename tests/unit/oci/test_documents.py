import json
from typing import Any

import pytest

from lsp_assembler.oci.documents import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    ContentError,
    Descriptor,
    ImageIndex,
    ImageManifest,
    LargeContentError,
    ShortContentError,
    check_digest,
    check_size,
    digest_of,
    load_json,
    parse_document,
    verified,
)

BLOB = {"mediaType": "application/octet-stream", "digest": digest_of(b"x"), "size": 1}


def manifest(**changes: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": BLOB, "layers": [BLOB], **changes}


@pytest.mark.parametrize("digest", ["sha256:" + "0a" * 32, "sha512:" + "0a" * 64])
def test_digest(digest: str) -> None:
    assert check_digest(digest) == digest


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        "sha256:" + "0A" * 32,
        "sha256:" + "0a" * 32 + "\n",
        "sha256:" + "0a" * 31,
        "sha256:../../../" + "0a" * 28,
        "sha512:" + "0a" * 32,
        "md5:" + "0a" * 16,
        None,
        7,
    ],
)
def test_what_is_no_digest(digest: object) -> None:
    with pytest.raises(ContentError, match="is not a digest, such as sha256:"):
        check_digest(digest)


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_manifest(media_type: str) -> None:
    data = json.dumps(manifest(mediaType=media_type)).encode()
    document = parse_document(data, media_type)
    blob = Descriptor("application/octet-stream", digest_of(b"x"), 1)
    assert isinstance(document, ImageManifest)
    assert (document.config, document.layers) == (blob, (blob,))
    assert (document.digest, document.data) == (digest_of(data), data)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_INDEX])
def test_index_with_platforms(media_type: str) -> None:
    arm = {**BLOB, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8", "features": [1]}}
    document = parse_document(json.dumps({"manifests": [arm, BLOB]}).encode(), media_type)
    assert isinstance(document, ImageIndex)
    assert [descriptor.platform for descriptor in document.manifests] == ["linux/arm64/v8", ""]


def test_sha512_document() -> None:
    data = json.dumps(manifest()).encode()
    assert parse_document(data, OCI_MANIFEST, "sha512").digest == digest_of(data, "sha512")


@pytest.mark.parametrize(
    ("document", "media_type", "message"),
    [
        (manifest(manifests=[]), OCI_MANIFEST, "but has 'manifests'"),
        ({**manifest(manifests=[]), "mediaType": OCI_INDEX}, OCI_INDEX, "but has 'config'"),
        (manifest(), DOCKER_MANIFEST, 'but calls itself "application/vnd.oci.image.manifest'),
        (manifest(mediaType=None), OCI_MANIFEST, "but calls itself null"),
        (manifest(), "text/html", 'the media type is "text/html"; expected an image manifest'),
        (manifest(config=None), OCI_MANIFEST, "null is not a descriptor"),
        (manifest(layers={}), OCI_MANIFEST, "its 'layers' is {}; expected a list"),
        (manifest(layers=[7]), OCI_MANIFEST, "7 is not a descriptor"),
        (manifest(layers=[{**BLOB, "size": -1}]), OCI_MANIFEST, "size is -1"),
        (manifest(layers=[{**BLOB, "size": True}]), OCI_MANIFEST, "size is true"),
        (manifest(layers=[{**BLOB, "size": 1.0}]), OCI_MANIFEST, "size is 1.0"),
        (manifest(layers=[{**BLOB, "mediaType": 1}]), OCI_MANIFEST, "mediaType is 1"),
        (manifest(layers=[{**BLOB, "digest": "x" * 999}]), OCI_MANIFEST, '…xxxxxxxxx" is not a digest'),
        ([], OCI_MANIFEST, r"it is \[\]; expected a JSON object"),
        ({"manifests": None}, OCI_INDEX, "its 'manifests' is null"),
    ],
)
def test_malformed_documents(document: object, media_type: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        parse_document(json.dumps(document).encode(), media_type)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 4000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json(data: bytes) -> None:
    with pytest.raises(ContentError, match="it is not JSON"):
        parse_document(data, OCI_MANIFEST)


def test_verified_passes_on() -> None:
    assert b"".join(verified([b"ab", b"", b"c"], Descriptor.of("x", b"abc"))) == b"abc"


@pytest.mark.parametrize(
    ("chunks", "error", "message"),
    [
        ([b"ab"], ShortContentError, "ends after 2 of 3 bytes"),
        ([b"ab", b"cd"], ContentError, "has more than its 3 bytes"),
        ([b"abd"], ContentError, "have digest sha256:"),
    ],
)
def test_verified_refuses(chunks: list[bytes], error: type[ContentError], message: str) -> None:
    with pytest.raises(ContentError, match=message) as caught:
        list(verified(chunks, Descriptor.of("x", b"abc")))
    assert caught.type is error


def test_size_limit() -> None:
    descriptor = Descriptor.of("x", b"abc")
    check_size(descriptor, 3)
    with pytest.raises(LargeContentError, match="has 3 bytes; at most 2 are accepted"):
        check_size(descriptor, 2)


@pytest.mark.parametrize("depth", range(900, 1000, 3))
def test_nesting_close_to_what_python_bears(depth: int) -> None:
    data = b'{"config": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(ContentError):
        parse_document(data, OCI_MANIFEST)


@pytest.mark.parametrize("data", [b"[" + b"[]," * 2500 + b"[]]", b'{"a": "' + b"," * 5000 + b'"}'])
def test_a_document_of_very_many_values_is_not_parsed(data: bytes) -> None:
    with pytest.raises(ContentError, match="it has more than 5,000 values"):
        load_json(data)


def test_of_fewer_values_it_is() -> None:
    assert load_json(b"[" + b"1," * 4998 + b"1]") == [1] * 4999
    assert load_json(b"[1, 2]", 2) == [1, 2]
    with pytest.raises(ContentError, match="it has more than 1 values"):
        load_json(b"[1, 2]", 1)


def test_a_size_that_no_file_has() -> None:
    with pytest.raises(ContentError, match="a descriptor's size is"):
        Descriptor.parse({**BLOB, "size": 10**400})
