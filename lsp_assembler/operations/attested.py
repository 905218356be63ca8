"""`inspect --attestations`: what was published about an image, with what it says."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import ContentError, ImageIndex, load_json
from lsp_assembler.oci.image_reader import manifest_of
from lsp_assembler.operations.attestations import referring
from lsp_assembler.operations.inspect import InspectRequest
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec

_LARGEST = 8 * 1024 * 1024  # bytes of a document that is shown
_MOST_VALUES = 400_000


class Statement(Struct, frozen=True):
    """One document about an image.

    Args:
        kind: "SBOM", "provenance", or "" for anything else, e.g. a signature.
        type: e.g. "application/vnd.cyclonedx+json"; "" where the list does not say.
        predicate: of a statement, e.g. "https://slsa.dev/provenance/v1"; else "".
        digest: of the manifest that refers to the image.
        created: in RFC 3339; "" where nobody says.
        document: the JSON itself; None for what is no JSON, or more than 8 MB.
    """

    kind: str
    type: str
    predicate: str
    digest: str
    created: str
    document: Any = None


class Attested(Struct, frozen=True):
    """All that refers to an image.

    Args:
        image: as the user wrote it.
        digest: what that stands for, e.g. "sha256:9f86…".
    """

    image: str
    digest: str
    statements: tuple[Statement, ...]

    @property
    def exit_status(self) -> int:
        """0: that there is nothing is no error."""
        return 0


def attested(request: InspectRequest, observer: Observer = SILENT) -> Attested:
    """What refers to an image, in the order in which its registry or its layout lists it.

    Raises:
        InvalidInputError: the request is wrong, or asks an engine, which keeps nothing beside an image.
        FetchError: the image cannot be read, or nobody can tell what refers to it.
    """
    spec = StoreSpec.source(request.from_store)
    if spec.kind == "docker":
        raise InvalidInputError(
            "--attestations: an engine keeps nothing beside an image",
            "Say --from registry, --from oci:DIR or --from oci-archive:FILE.",
        )
    name = reference(request.image, "inspect")
    with Stores(request.stores, request.environ, observer.notice) as stores:
        contents = stores.contents(spec)
        image = name.with_digest(contents.manifest(name).digest)
        found = contents.referrers(image)
        statements = tuple(_statements(contents, image, found)) if found else ()
    return Attested(request.image, image.digest, statements)


def _statements(contents: ContentStore, image: Reference, index: ImageIndex) -> Iterator[Statement]:
    for each in referring(index):
        layers = manifest_of(contents, image, each.entry).layers
        document = None
        if len(layers) == 1 and layers[0].size <= _LARGEST:
            document = _json(contents.blob(image, layers[0], _LARGEST))
        yield Statement(
            kind=each.kind,
            type=each.type,
            predicate=each.predicate,
            digest=each.entry.digest,
            created=each.created,
            document=document,
        )


def _json(data: bytes) -> Any:
    try:
        return load_json(data, _MOST_VALUES)
    except ContentError:
        return None
