"""What refers to an image: by the API, else by the tag; and servers that only seem to have the API."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.images import Artifact
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, digest_of
from lsp_assembler.oci.referrer import referrer
from lsp_assembler.registry.client import RegistryClient
from tests.fakes.registry import FakeRegistry, Reply, error_reply
from tests.integration.test_registry_client import client_of

DIGEST = f"sha256:{'0a' * 32}"
API, TAG = f"/v2/a/b/referrers/{DIGEST}", DIGEST.replace(":", "-")


def index(**more: Any) -> bytes:
    """An index of one artifact."""
    entry: Mapping[str, Any] = {"mediaType": OCI_MANIFEST, "digest": f"sha256:{'1b' * 32}", "size": 2, **more}
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    with client_of() as client:
        yield client


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        yield fake


def image(fake: FakeRegistry) -> Reference:
    return Reference.parse(f"{fake.netloc}/a/b@{DIGEST}")


@pytest.mark.parametrize(
    "answer",
    [
        error_reply(400, "UNSUPPORTED"),
        error_reply(404, "UNSUPPORTED"),
        error_reply(405, "UNSUPPORTED"),
        error_reply(501, "UNSUPPORTED"),
        Reply(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
    ],
    ids=["400", "404", "405", "501", "a web page"],
)
def test_without_an_api_the_tag_tells_and_the_api_is_asked_for_once(
    client: RegistryClient, fake: FakeRegistry, answer: Reply
) -> None:
    fake.always(API, answer)
    assert client.referrers(image(fake)) is None
    fake.put_manifest("a/b", TAG, index(), OCI_INDEX)
    found = client.referrers(image(fake))
    assert found
    assert found.manifests[0].digest == f"sha256:{'1b' * 32}"
    assert len(fake.seen_at(API)) == 1


def test_a_tag_that_is_an_image_says_nothing(client: RegistryClient, fake: FakeRegistry) -> None:
    fake.put_image("a/b", TAG, b"layer")
    assert client.referrers(image(fake)) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error_reply(401, "UNAUTHORIZED"), "unauthorized"),
        (error_reply(403, "DENIED"), "unauthorized"),
        (Reply(200, {"Content-Type": OCI_INDEX}, b"{}"), "corrupt"),
        (Reply(200, {"Content-Type": OCI_INDEX}, index(size=-1)), "corrupt"),
    ],
    ids=["401", "403", "no index", "a bad index"],
)
def test_what_is_no_answer_is_an_error(
    client: RegistryClient, fake: FakeRegistry, answer: Reply, kind: str
) -> None:
    fake.always(API, answer)
    with pytest.raises(FetchError) as caught:
        client.referrers(image(fake))
    assert caught.value.kind == kind


def test_a_digest_that_is_none_is_not_asked_for(client: RegistryClient, fake: FakeRegistry) -> None:
    with pytest.raises(FetchError):
        client.referrers(image(fake).with_digest(f"sha3:{'0a' * 32}"))
    assert fake.seen == []


SUBJECT = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 7}
SBOM = referrer(Artifact("application/vnd.cyclonedx+json", b"{}", {"by": "us"}), SUBJECT)
BY_DIGEST, BY_TAG = f"/v2/a/b/manifests/{digest_of(SBOM)}", f"/v2/a/b/manifests/{TAG}"


def test_a_registry_that_lists_it_itself_needs_no_tag(client: RegistryClient, fake: FakeRegistry) -> None:
    fake.script(BY_DIGEST, Reply(201, {"OCI-Subject": DIGEST}), method="PUT")
    client.put_referrers(image(fake), [SBOM])
    assert [seen.method for seen in fake.seen] == ["PUT"]


def test_without_an_api_it_is_added_to_the_list_and_nothing_else_changes(
    client: RegistryClient, fake: FakeRegistry
) -> None:
    fake.put_manifest("a/b", TAG, json.dumps({**json.loads(index()), "of": "others"}).encode(), OCI_INDEX)
    for _ in range(2):
        client.put_referrers(image(fake), [SBOM])
        listed = json.loads(fake.manifests["a/b", TAG][1])
        assert (listed["of"], listed["manifests"][:1]) == ("others", json.loads(index())["manifests"])
        assert listed["manifests"][1:] == [
            {
                "mediaType": OCI_MANIFEST,
                "digest": digest_of(SBOM),
                "size": len(SBOM),
                "artifactType": "application/vnd.cyclonedx+json",
                "annotations": {"by": "us"},
            }
        ]
    assert len(fake.seen_at(BY_TAG, "PUT")) == 1


def test_what_another_overwrites_at_that_moment_is_added_again(
    client: RegistryClient, fake: FakeRegistry
) -> None:
    fake.script(BY_TAG, Reply(201), method="PUT")
    client.put_referrers(image(fake), [SBOM])
    assert len(fake.seen_at(BY_TAG, "PUT")) == 2
    found = client.referrers(image(fake))
    assert found
    assert [entry.digest for entry in found.manifests] == [digest_of(SBOM)]


def test_a_list_that_keeps_nothing_is_an_error(client: RegistryClient, fake: FakeRegistry) -> None:
    fake.always(BY_TAG, Reply(201), method="PUT")
    with pytest.raises(PublishError, match=f"does not keep what is added to the list {TAG}"):
        client.put_referrers(image(fake), [SBOM])


def test_an_image_in_the_place_of_the_list_is_left_alone(client: RegistryClient, fake: FakeRegistry) -> None:
    digest = fake.put_image("a/b", TAG, b"layer")
    with pytest.raises(PublishError, match=f"has an image under the tag {TAG}"):
        client.put_referrers(image(fake), [SBOM])
    assert digest_of(fake.manifests["a/b", TAG][1]) == digest


def test_the_tag_of_a_longer_digest_is_cut(client: RegistryClient, fake: FakeRegistry) -> None:
    name = image(fake).with_digest(f"sha512:{'0a' * 64}")
    fake.put_manifest("a/b", f"sha512-{'0a' * 32}", index(), OCI_INDEX)
    assert client.referrers(name)
