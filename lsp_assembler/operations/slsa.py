"""The provenance of a start-points image: a SLSA 1 predicate in an in-toto statement. Pure.

Specification: https://slsa.dev/spec/v1.0/provenance and
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from lsp_assembler import HOME, __version__
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage, BuiltImage
from lsp_assembler.model.labels import REVISION_LABEL, SOURCE_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import digest_of
from lsp_assembler.operations.build_spec import BuildSpec
from lsp_assembler.operations.purl import purl

TYPE = "application/vnd.in-toto+json"
PREDICATE = "https://slsa.dev/provenance/v1"

_STATEMENT = "https://in-toto.io/Statement/v1"
_BUILD_TYPE = f"{HOME}/blob/main/docs/attestations.md#build-type-1"


class Asked(Struct, frozen=True):
    """What the user asked for, and where.

    Args:
        parameters: e.g. {"type": "languages", "base": "cyberdojo/start-points-base:df28e04", …}.
        builder: the id of what ran the build, e.g. that of a workflow on GitHub.
    """

    parameters: Mapping[str, object]
    builder: str


def provenance(
    asked: Asked, assembly: Assembly, base: BaseImage, image: BuiltImage, spec: BuildSpec
) -> bytes:
    """The statement: equal input, equal bytes. It says nothing of which run it was, nor when.

    Args:
        assembly: without failures.
    """
    epoch = {} if spec.epoch is None else {"internalParameters": {"SOURCE_DATE_EPOCH": spec.epoch}}
    names = dict.fromkeys(Reference.parse(name).name for name in image.names)
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": _digest(image.digest)} for name in names],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": asked.parameters,
                **epoch,
                "resolvedDependencies": [*_lists(spec), *_base(base), *_start_points(assembly)],
            },
            "runDetails": {"builder": {"id": asked.builder, "version": {"lsp-assembler": __version__}}},
        },
    }
    return json.dumps(statement, separators=(",", ":")).encode()


def _lists(spec: BuildSpec) -> Iterator[Mapping[str, object]]:
    """The commit that images.yml is from, and the template, which need not be from any."""
    origin = spec.provenance
    if origin.source and origin.revision:
        yield {"uri": f"git+{origin.source}", "digest": {"gitCommit": origin.revision}}
    yield {"name": spec.template_name, "digest": _digest(digest_of(spec.template.encode()))}


def _base(base: BaseImage) -> Iterator[Mapping[str, object]]:
    if base.digest:
        yield _of_image(base.name, base.digest)


def _start_points(assembly: Assembly) -> Iterator[Mapping[str, object]]:
    """What images.lock says: each image by digest; of a checkout, that of the image it was packed into."""
    for outcome in assembly.outcomes:
        point = outcome.start_point
        if point is None:
            continue
        name, digest = outcome.source.text, point.digest
        is_image = not outcome.source.is_directory
        found = _of_image(name, digest) if is_image else {"name": name, "digest": _digest(digest)}
        known = {REVISION_LABEL: point.revision, SOURCE_LABEL: point.url}
        notes = {label: value for label, value in known.items() if value}
        yield {**found, **({"annotations": notes} if notes else {})}


def _of_image(name: str, digest: str) -> Mapping[str, object]:
    uri = purl(Reference.parse(name), digest).to_string()
    return {"name": name, "uri": uri, "digest": _digest(digest)}


def _digest(digest: str) -> Mapping[str, str]:
    algorithm, _, encoded = digest.partition(":")
    return {algorithm: encoded}
