"""The SBOM of a start-points image, in CycloneDX: the base image, and every start point. Pure.

Specification: https://cyclonedx.org/docs/1.6/json/
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6

from lsp_assembler import __version__
from lsp_assembler.model.address import web_address
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage, BuiltImage
from lsp_assembler.model.labels import IMAGE_NAME_LABEL, LICENSES_LABEL, REVISION_LABEL, VERSION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPoint
from lsp_assembler.operations.purl import purl

TYPE = "application/vnd.cyclonedx+json"


def sbom(assembly: Assembly, base: BaseImage, image: BuiltImage, epoch: int) -> bytes:
    """The document: equal input, equal bytes, so its number and date are those of the image.

    Args:
        assembly: without failures.
        epoch: when the image was created, in seconds since 1970.
    """
    root = _image(Reference.parse(image.names[0]), image.digest, "image")
    parts = [_image(Reference.parse(base.name), base.digest, "base")] if base.digest else []
    parts += [
        _start_point(outcome.source, outcome.start_point)
        for outcome in assembly.outcomes
        if outcome.start_point
    ]
    tool = Component(name="lsp-assembler", type=ComponentType.APPLICATION, version=__version__)
    metadata = BomMetaData(
        component=root,
        timestamp=datetime.fromtimestamp(epoch, UTC),
        tools=ToolRepository(components=[tool]),
    )
    number = uuid5(NAMESPACE_URL, str(root.purl))
    document = Bom(components=parts, serial_number=number, metadata=metadata)
    document.register_dependency(root, parts)
    return JsonV1Dot6(document).output_as_string().encode(errors="backslashreplace")


def _image(reference: Reference, digest: str, ref: str) -> Component:
    return Component(
        name=reference.name,
        version=reference.tag or digest,
        type=ComponentType.CONTAINER,
        bom_ref=ref,
        purl=purl(reference, digest),
        hashes=_hashes(digest),
    )


def _start_point(source: Source, point: StartPoint) -> Component:
    """One start point; a checkout is in no registry, and so has no package URL."""
    reference = None if source.is_directory else Reference.parse(source.text)
    licence = point.labels.get(LICENSES_LABEL)
    return Component(
        name=reference.name if reference else source.text,
        version=point.labels.get(VERSION_LABEL) or (reference and reference.tag) or point.digest,
        type=ComponentType.CONTAINER,
        bom_ref=f"start-point-{source.index}",
        description=" · ".join(point.display_names) or None,
        purl=purl(reference, point.digest) if reference else None,
        hashes=_hashes(point.digest),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else (),
        external_references=_repository(point),
        properties=_properties(point),
    )


def _hashes(digest: str) -> list[HashType]:
    return [HashTypeFactory().from_composite_str(digest)]


def _repository(point: StartPoint) -> list[ExternalReference]:
    address = web_address(point.url or "")
    return [ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(address))] if address else []


def _properties(point: StartPoint) -> Iterator[Property]:
    if point.revision:
        yield Property(name=REVISION_LABEL, value=point.revision)
    for name in point.image_names:
        yield Property(name=IMAGE_NAME_LABEL, value=name)
