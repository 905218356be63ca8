"""Which SBOMs and provenance were published along with an image, and of what date they are.

BuildKit puts them into the index of the image; others let them refer to it, as OCI 1.1 has it.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.policy import Attestation
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import ContentError, Descriptor, Document, ImageIndex, load_json
from lsp_assembler.oci.image_reader import BUILDKIT_TYPE, manifest_of
from lsp_assembler.rules.policy import day_of

if TYPE_CHECKING:
    from lsp_assembler.operations.facts import Registries

PREDICATE = "in-toto.io/predicate-type"
"""The annotation by which a list tells what kind of statement something is."""

_LARGEST = 1024 * 1024  # bytes of a statement that are read for its date, and that the cache keeps
_MOST_VALUES = 200_000
_SAID_IN = (PREDICATE, "dev.sigstore.bundle.predicateType")
_KINDS = {"spdx": "SBOM", "cyclonedx": "SBOM", "slsa": "provenance"}
_DATES = (
    ("creationInfo", "created"),  # SPDX
    ("metadata", "timestamp"),  # CycloneDX
    ("runDetails", "metadata", "finishedOn"),  # SLSA 1
    ("runDetails", "metadata", "startedOn"),
    ("metadata", "buildFinishedOn"),  # SLSA 0.2
    ("metadata", "buildStartedOn"),
)


class Referring(Struct, frozen=True):
    """An entry of a list of what refers to an image.

    Args:
        type: of artifact, e.g. "application/vnd.cyclonedx+json"; "" where the list does not say.
        predicate: of a statement, e.g. "https://slsa.dev/provenance/v1"; else "".
    """

    entry: Descriptor
    type: str
    predicate: str

    @property
    def kind(self) -> str:
        """What it stands for: "SBOM", "provenance", or "" for anything else, e.g. a signature."""
        return _kind_of(self.type) or _kind_of(self.predicate)

    @property
    def created(self) -> str:
        """When it was made, in RFC 3339; "" where nobody says."""
        return self.entry.annotations.get(CREATED_LABEL, "")


def attestations(
    contents: ContentStore, registries: "Registries", image: Reference, document: Document
) -> tuple[Attestation, ...]:
    """Every SBOM and provenance of an image: those inside it first, each kind and date once.

    Args:
        document: the manifest or index that the name of the image stands for.

    Raises:
        FetchError: nobody can tell.
    """
    found = [*_inside(contents, image, document)]
    listed = registries.referrers(image.with_digest(document.digest))
    if listed:
        known = (each for each in referring(listed) if each.kind)
        found += (Attestation(each.kind, day_of(epoch_of(each.created))) for each in known)
    return tuple(dict.fromkeys(found))


def _inside(contents: ContentStore, image: Reference, document: Document) -> Iterator[Attestation]:
    """Those of one platform: BuildKit makes the same for each."""
    entries = document.manifests if isinstance(document, ImageIndex) else ()
    entry = next(
        (each for each in entries if each.annotations.get(BUILDKIT_TYPE) == "attestation-manifest"), None
    )
    for layer in manifest_of(contents, image, entry).layers if entry else ():
        kind = _kind_of(layer.annotations.get(PREDICATE, ""))
        if kind:
            yield Attestation(kind, _date(contents, image, layer))


def referring(index: ImageIndex) -> Iterator[Referring]:
    """The entries of a list of what refers to an image, in its order."""
    for entry, raw in index.entries:
        predicate = next(filter(None, (entry.annotations.get(key) for key in _SAID_IN)), "")
        yield Referring(entry, str(raw.get("artifactType", "")), predicate)


def _kind_of(type_: str) -> str:
    """What a type of artifact or predicate stands for; "" for what is neither an SBOM nor provenance."""
    return next((kind for word, kind in _KINDS.items() if word in type_.lower()), "")


def _date(contents: ContentStore, image: Reference, statement: Descriptor) -> date | None:
    """The day that an in-toto statement names, in UTC; one that cannot be understood names none."""
    if statement.size > _LARGEST:
        return None
    try:
        predicate = load_json(contents.blob(image, statement, _LARGEST), _MOST_VALUES)["predicate"]
    except (ContentError, LookupError, TypeError):
        return None
    dates = (_text_at(predicate, path) for path in _DATES)
    return next((day_of(epoch) for epoch in map(epoch_of, dates) if epoch is not None), None)


def _text_at(value: Any, path: tuple[str, ...]) -> str | None:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None
