"""The two ways of reading a start point out of an engine give the same, whichever it takes."""

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.layers import Limits
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.docker.engine import DockerEngine, EngineOptions
from lsp_assembler.stores.interface import Pull
from lsp_assembler.stores.notes import Notes
from tests import services
from tests.integration.support import start_point
from tests.services import Image, Registry, layer

_LIMITS = Limits(max_bytes=100_000)
_UPPER: dict[str, bytes | tuple[bytes, int]] = {
    "start_point/hiker.sh": (b"echo 42\n", 0o755),
    "start_point/.wh.bats_help.txt": b"",
}


@pytest.fixture
def store(engine: services.DockerEngine) -> DockerEngine:
    """The engine as a store with small limits."""
    return DockerEngine(EngineOptions(limits=_LIMITS), {"DOCKER_HOST": engine.url}, Notes(print))


def published(registry: Registry, name: str, *layers: bytes) -> Reference:
    registry.put_image(f"reading/{name}", "LSP", Image(layers))
    return Reference.parse(f"{registry.host}/reading/{name}:LSP")


def test_saved_or_out_of_a_container_the_tree_is_the_same(store: DockerEngine, registry: Registry) -> None:
    lower = layer(start_point("Reading") | {"start_point/bats_help.txt": b"hidden by the upper layer"})
    small = store.fetch(published(registry, "small", lower, layer(_UPPER)))
    ballast = layer({"usr/lib/ballast": bytes(_LIMITS.max_bytes + 1)})
    large = store.fetch(published(registry, "large", ballast, lower, layer(_UPPER)))
    assert small.tree == large.tree
    assert small.tree.files["start_point/hiker.sh"].executable
    assert "start_point/bats_help.txt" not in small.tree.files
    assert (small.strays, large.strays) == ((), ("(too much to list)",))


def test_what_else_a_small_image_holds_is_listed(store: DockerEngine, registry: Registry) -> None:
    strays = layer({"etc/hosts": b"127.0.0.1 localhost\n", "README": b"stray"})
    found = store.fetch(published(registry, "strays", layer(start_point("Strays")), strays))
    assert found.strays == ("README", "etc/hosts")


def test_many_at_once_are_saved_together_and_each_gets_its_own(
    store: DockerEngine, registry: Registry
) -> None:
    names = [f"Many {number}" for number in range(24)]
    references = [
        published(registry, f"many-{number}", layer(start_point(name))) for number, name in enumerate(names)
    ]
    found = in_parallel(store.fetch, references, 12)
    assert [each.manifests[0].display_name for each in found] == names
    options = EngineOptions(Pull.NEVER, limits=_LIMITS)
    again = DockerEngine(options, {"DOCKER_HOST": store.endpoint}, Notes(print))
    assert [each.tree for each in in_parallel(again.fetch, references, 12)] == [each.tree for each in found]


def test_one_image_that_breaks_the_limits_spoils_no_other(store: DockerEngine, registry: Registry) -> None:
    contents = [start_point(f"Spoilt {number}") for number in range(8)]
    contents[3] |= {f"start_point/{number}": b"" for number in range(_LIMITS.max_entries)}
    references = [published(registry, f"spoilt-{n}", layer(each)) for n, each in enumerate(contents)]

    def kind(reference: Reference) -> str:
        try:
            store.fetch(reference)
        except FetchError as error:
            return error.kind
        return "read"

    assert in_parallel(kind, references, 8) == ["read"] * 3 + ["too-many-entries"] + ["read"] * 4
