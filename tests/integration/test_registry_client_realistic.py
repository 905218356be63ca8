"""The registry client before a registry as public ones are: TLS, HTTP/2, tokens and blobs elsewhere."""

import contextlib
import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import ImageManifest
from lsp_assembler.registry.client import RegistryClient
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.options import ClientOptions
from tests.services import Image, RealisticRegistry, layer
from tests.services.traffic import connections_to_hosts, requests_to_hosts

IMAGES = 60


@pytest.fixture
def client(realistic: RealisticRegistry) -> Iterator[RegistryClient]:
    settings = {host: HostSettings(ca=str(realistic.ca)) for host in realistic.hosts}
    credentials = Credentials({"HOME": "/nonexistent"})
    client = RegistryClient(settings, credentials, ClientOptions(), lambda _: None)
    with contextlib.closing(client):
        yield client


def test_many_images_take_one_connection_to_each_host_and_few_tokens(
    client: RegistryClient, realistic: RealisticRegistry
) -> None:
    blob = layer({"start_point/hiker.sh": (b"echo 42\n", 0o644)})
    names = [Reference.parse(f"{realistic.host}/many/image{number}:LSP") for number in range(IMAGES)]
    for name in names:
        realistic.behind.put_image(name.repository, "LSP", Image((blob,), {"name": name.repository}))
    before = len(realistic.requests())

    def read(name: Reference) -> bytes:
        manifest = client.manifest(name)
        assert isinstance(manifest, ImageManifest)
        return client.blob(name, manifest.layers[0], limit=10_000)

    client.expect(names)
    with ThreadPoolExecutor(IMAGES) as pool:
        assert {gzip.decompress(data) for data in pool.map(read, names)} == {blob}

    ours = realistic.requests()[before:]
    assert connections_to_hosts(ours) == {"registry": 1, "tokens": 1, "blobs": 1}
    assert requests_to_hosts(ours) == {"registry": 1 + 2 * IMAGES, "tokens": 2, "blobs": IMAGES}
    assert {request.protocol for request in ours} == {"HTTP/2.0"}
    assert {request.authorization for request in ours if request.host != "registry"} == {""}


def test_private_image_among_public_ones(client: RegistryClient, realistic: RealisticRegistry) -> None:
    blob = layer({"start_point/hiker.sh": (b"echo 42\n", 0o644)})
    names = [
        Reference.parse(f"{realistic.host}/{path}:LSP")
        for path in ("private/one", "mixed/two", "mixed/three")
    ]
    for name in names:
        realistic.behind.put_image(name.repository, "LSP", Image((blob,)))
    client.expect(names)
    with pytest.raises(FetchError, match="denies access to the manifest"):
        client.manifest(names[0])
    assert [client.manifest(name).digest for name in names[1:]]
