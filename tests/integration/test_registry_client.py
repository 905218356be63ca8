"""The registry client against Debian's docker-registry, and against a fake where requests are counted."""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    DOCKER_INDEX,
    OCI_INDEX,
    Descriptor,
    ImageIndex,
    ImageManifest,
    digest_of,
)
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.fakes.registry import FakeRegistry, Reply, error_reply
from tests.services import Image, Login, Registry, layer
from tests.services.image import Format

LAYER = layer({"start_point/hiker.sh": (b"echo 42\n", 0o755)})
IMAGE = Image((LAYER,), {"org.opencontainers.image.version": "4edf92a"})


@contextmanager
def client_of(
    settings: Settings | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[RegistryClient]:
    """A client that nobody saves a login for, unless `environ` says where."""
    credentials = Credentials(environ or {"HOME": "/nonexistent"})
    client = RegistryClient(settings or {}, credentials, ClientOptions(), lambda _: None)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    with client_of() as client:
        yield client


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as fake:
        yield fake


@pytest.mark.parametrize("image_format", ["docker", "oci"])
def test_image_by_tag_and_by_digest(client: RegistryClient, registry: Registry, image_format: Format) -> None:
    image = Image((LAYER,), format=image_format)
    digest = registry.put_image(f"client/{image_format}", "LSP", image)
    name = Reference.parse(f"{registry.host}/client/{image_format}:LSP")

    manifest = client.manifest(name)

    assert isinstance(manifest, ImageManifest)
    assert (manifest.digest, manifest.data) == (digest, image.manifest())
    assert client.digest(name) == digest
    assert client.manifest(name.with_digest(digest)) == manifest
    assert client.digest(name.with_digest(digest)) == digest
    assert client.blob(name, manifest.layers[0], limit=10_000) in image.blobs()
    assert json.loads(client.blob(name, manifest.config, limit=10_000))["os"] == "linux"


@pytest.mark.parametrize("image_format", ["docker", "oci"])
def test_index(client: RegistryClient, registry: Registry, image_format: Format) -> None:
    images = tuple(
        Image((LAYER,), architecture=architecture, format=image_format) for architecture in ("amd64", "arm64")
    )
    digest = registry.put_images(f"client/index-{image_format}", "LSP", images)
    name = Reference.parse(f"{registry.host}/client/index-{image_format}:LSP")

    index = client.manifest(name)

    assert isinstance(index, ImageIndex)
    assert index.media_type in (OCI_INDEX, DOCKER_INDEX)
    assert index.digest == digest
    assert [descriptor.platform for descriptor in index.manifests] == ["linux/amd64", "linux/arm64"]
    assert isinstance(client.manifest(name.with_digest(index.manifests[1].digest)), ImageManifest)


def test_what_is_not_there(client: RegistryClient, registry: Registry) -> None:
    name = Reference.parse(f"{registry.host}/client/absent:LSP")
    assert client.digest(name) is None
    with pytest.raises(FetchError) as caught:
        client.manifest(name)
    assert caught.value.kind == "not-found"
    assert str(caught.value) == (
        f"{name}: {registry.host} has no such image or tag (404 MANIFEST_UNKNOWN: manifest unknown)\n"
        "  Check the name and the tag, and that the image has been pushed."
    )
    with pytest.raises(FetchError, match="does not have the blob sha256:"):
        client.blob(name, Descriptor.of("x", b"absent"), limit=100)
    assert client.tags(name) == []


def test_published_image_comes_back(client: RegistryClient, registry: Registry) -> None:
    name = Reference.parse(f"{registry.host}/client/pushed:LSP")
    blobs = (*IMAGE.blobs(), b"large " * 100_000)
    for blob in (*blobs, blobs[-1]):
        client.put_blob(name, blob)

    client.put_manifest(name, IMAGE.media_type, IMAGE.manifest())
    client.put_manifest(name.with_tag("LSP-4edf92a"), IMAGE.media_type, IMAGE.manifest())

    assert client.digest(name) == digest_of(IMAGE.manifest())
    assert client.manifest(name).data == IMAGE.manifest()
    assert client.tags(name) == ["LSP", "LSP-4edf92a"]
    assert client.blob(name, Descriptor.of("x", blobs[-1]), limit=1_000_000) == blobs[-1]


def test_manifest_whose_blobs_are_missing_is_not_published(
    client: RegistryClient, registry: Registry
) -> None:
    name = Reference.parse(f"{registry.host}/client/incomplete:LSP")
    with pytest.raises(PublishError, match="MANIFEST_BLOB_UNKNOWN") as caught:
        client.put_manifest(name, IMAGE.media_type, IMAGE.manifest())
    assert str(caught.value).startswith(f"{name}: {registry.host} refused")


def test_blob_is_mounted_inside_a_registry(client: RegistryClient, registry: Registry) -> None:
    source, target = (Reference.parse(f"{registry.host}/client/{name}:LSP") for name in ("from", "to"))
    data = b"mount me"
    client.put_blob(source, data)
    client.copy_blob(client, source, target, Descriptor.of("x", data))
    assert client.blob(target, Descriptor.of("x", data), limit=100) == data


def test_blob_that_is_there_is_not_sent_again(client: RegistryClient, fake: FakeRegistry) -> None:
    name = Reference.parse(f"{fake.netloc}/client/again:LSP")
    client.put_blob(name, b"once")
    client.put_blob(name, b"once")
    assert [seen.method for seen in fake.seen] == ["POST", "PUT", "POST"]


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_registry_that_refuses_to_mount_gets_the_blob(
    client: RegistryClient, fake: FakeRegistry, status: int
) -> None:
    name = Reference.parse(f"{fake.netloc}/client/no-mounts:LSP")
    fake.script("/v2/client/no-mounts/blobs/uploads/", error_reply(status, "UNSUPPORTED"), method="POST")
    client.put_blob(name, b"data")
    assert fake.blobs["client/no-mounts", digest_of(b"data")] == b"data"
    assert [seen.query.get("mount") for seen in fake.seen] == [[digest_of(b"data")], None, None]


def test_registry_that_refuses_the_upload_as_well(client: RegistryClient, fake: FakeRegistry) -> None:
    name = Reference.parse(f"{fake.netloc}/client/denied:LSP")
    fake.always("/v2/client/denied/blobs/uploads/", error_reply(403, "DENIED", "no push"), method="POST")
    with pytest.raises(PublishError, match=r"denies access to an upload of sha256:.*DENIED: no push"):
        client.put_blob(name, b"data")


def test_blob_is_streamed_between_registries(
    client: RegistryClient, registry: Registry, fake: FakeRegistry
) -> None:
    data = bytes(range(256)) * 4000
    descriptor = Descriptor.of("x", data)
    fake.blobs["base/image", descriptor.digest] = data
    source = Reference.parse(f"{fake.netloc}/base/image:1")
    target = Reference.parse(f"{registry.host}/client/copied:LSP")

    client.copy_blob(client, source, target, descriptor)
    client.copy_blob(client, source, target, descriptor)

    assert client.blob(target, descriptor, limit=len(data)) == data
    assert len(fake.seen) == 1  # the second time it was there


@pytest.mark.parametrize("mirrored", [True, False])
def test_blob_is_streamed_from_the_mirror_where_it_has_it(fake: FakeRegistry, *, mirrored: bool) -> None:
    data = b"from afar"
    descriptor = Descriptor.of("x", data)
    with FakeRegistry("127.0.0.2") as mirror, FakeRegistry("127.0.0.3") as target:
        holder, repository = (mirror, "hub/a/b") if mirrored else (fake, "a/b")
        holder.blobs[repository, descriptor.digest] = data
        settings = {fake.netloc: HostSettings(mirror=f"{mirror.netloc}/hub")}
        with client_of(settings) as client:
            source, copy = (Reference.parse(f"{host}/a/b:LSP") for host in (fake.netloc, target.netloc))
            client.copy_blob(client, source, copy, descriptor)
        assert target.blobs == {("a/b", descriptor.digest): data}
        assert (len(mirror.seen), len(fake.seen)) == (1, 0 if mirrored else 1)


def test_mirror_that_sends_a_corrupt_blob_does_not_break_a_copy(fake: FakeRegistry) -> None:
    data = b"from afar"
    descriptor = Descriptor.of("x", data)
    fake.blobs["a/b", descriptor.digest] = data
    with FakeRegistry("127.0.0.2") as mirror, FakeRegistry("127.0.0.3") as target:
        mirror.always(f"/v2/a/b/blobs/{descriptor.digest}", Reply(body=data[::-1]))
        with client_of({fake.netloc: HostSettings(mirror=mirror.netloc)}) as client:
            source, copy = (Reference.parse(f"{host}/a/b:LSP") for host in (fake.netloc, target.netloc))
            client.copy_blob(client, source, copy, descriptor)
            assert client.blob(source, descriptor, limit=100) == data
        assert target.blobs == {("a/b", descriptor.digest): data}


def test_nothing_is_asked_to_copy_a_blob_to_where_it_is(client: RegistryClient, fake: FakeRegistry) -> None:
    name = Reference.parse(f"{fake.netloc}/a/b:LSP")
    client.copy_blob(client, name, name.with_tag("other"), Descriptor.of("x", b"y"))
    assert fake.seen == []


def test_private_registry_with_a_saved_login(
    private_registry: Registry, login: Login, tmp_path: Path
) -> None:
    entry = {"username": login.user, "password": login.password}
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"auths": {private_registry.host: entry}}))
    private_registry.put_image("client/private", "LSP", IMAGE)
    name = Reference.parse(f"{private_registry.host}/client/private:LSP")

    with client_of(environ={"REGISTRY_AUTH_FILE": str(path), "HOME": "/nonexistent"}) as client:
        assert client.manifest(name).data == IMAGE.manifest()
        client.put_blob(name, b"private")
        assert client.blob(name, Descriptor.of("x", b"private"), limit=10) == b"private"
    with client_of() as client, pytest.raises(FetchError) as caught:
        client.manifest(name)
    assert caught.value.kind == "unauthorized"
    assert caught.value.remedy == f"Log in with 'docker login {private_registry.host}', or check the name."


def test_two_requests_for_an_image_over_one_connection_a_thread(
    client: RegistryClient, fake: FakeRegistry
) -> None:
    names = [Reference.parse(f"{fake.netloc}/a/b{number}:LSP") for number in range(20)]
    for name in names:
        fake.put_image(name.repository, "LSP", name.repository.encode())
    barrier = threading.Barrier(4)

    def pull(name: Reference) -> bytes:
        manifest = client.manifest(name)
        assert isinstance(manifest, ImageManifest)
        return client.blob(name, manifest.layers[0], limit=100)

    with ThreadPoolExecutor(4, initializer=barrier.wait) as pool:
        assert list(pool.map(pull, names)) == [name.repository.encode() for name in names]
    assert len(fake.seen) == 40
    assert len({seen.connection for seen in fake.seen}) <= 4


def test_connection_is_used_again_after_errors_and_heads(client: RegistryClient, fake: FakeRegistry) -> None:
    name = Reference.parse(f"{fake.netloc}/a/b:LSP")
    fake.put_image("a/b", "LSP", b"layer")
    assert client.digest(name.with_tag("absent")) is None
    with pytest.raises(FetchError):
        client.manifest(name.with_tag("absent"))
    client.digest(name)
    client.put_blob(name, b"blob")
    client.tags(name)
    assert len({seen.connection for seen in fake.seen}) == 1


def test_tags_page_after_page(client: RegistryClient, fake: FakeRegistry) -> None:
    tags = [f"LSP-{number:03}" for number in range(25)]
    for tag in tags:
        fake.put_image("a/b", tag, b"layer")
    fake.page_size = 10
    assert client.tags(Reference.parse(f"{fake.netloc}/a/b")) == tags
    assert len(fake.seen) == 3


def test_head_without_a_digest_asks_for_the_manifest(client: RegistryClient, fake: FakeRegistry) -> None:
    digest = fake.put_image("a/b", "LSP", b"layer")
    fake.script("/v2/a/b/manifests/LSP", Reply(200), method="HEAD")
    assert client.digest(Reference.parse(f"{fake.netloc}/a/b:LSP")) == digest


def test_remaining_pulls_of_docker_hub(client: RegistryClient, fake: FakeRegistry) -> None:
    fake.put_image("a/b", "LSP", b"layer")
    media_type, data = fake.manifests["a/b", "LSP"]
    fake.script(
        "/v2/a/b/manifests/LSP",
        Reply(200, {"Content-Type": media_type, "ratelimit-remaining": "76;w=21600"}, data),
    )
    assert client.remaining_pulls(fake.netloc) is None
    client.manifest(Reference.parse(f"{fake.netloc}/a/b:LSP"))
    assert client.remaining_pulls(fake.netloc) == 76


def test_mirror_is_read_first_and_the_registry_where_it_has_not_got_it(fake: FakeRegistry) -> None:
    with FakeRegistry("127.0.0.2") as mirror:
        settings = {fake.netloc: HostSettings(mirror=f"{mirror.netloc}/proxy")}
        mirrored, own = (Reference.parse(f"{fake.netloc}/a/{name}:LSP") for name in ("mirrored", "own"))
        digests = [
            mirror.put_image("proxy/a/mirrored", "LSP", b"layer"),
            fake.put_image("a/own", "LSP", b"layer"),
        ]
        with client_of(settings) as client:
            assert [client.manifest(name).digest for name in (mirrored, own)] == digests
            assert client.digest(own) == digests[1]
            client.put_manifest(own.with_tag("new"), IMAGE.media_type, IMAGE.manifest())
    assert [seen.method for seen in mirror.seen] == ["GET", "GET", "HEAD", "GET"]
    assert [seen.method for seen in fake.seen] == ["GET", "HEAD", "PUT"]


def test_mirror_that_does_not_answer_is_left_alone(fake: FakeRegistry) -> None:
    digest = fake.put_image("a/b", "LSP", b"layer")
    said: list[str] = []
    settings = {fake.netloc: HostSettings(mirror="127.0.0.1:1")}
    client = RegistryClient(settings, Credentials({"HOME": "/nonexistent"}), ClientOptions(), said.append)
    name = Reference.parse(f"{fake.netloc}/a/b:LSP")
    assert client.manifest(name).digest == client.manifest(name).digest == digest
    client.close()
    assert said == ["the mirror 127.0.0.1:1 does not answer; going on without it"]
