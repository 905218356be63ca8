"""Manifests of documents about an image, which name the image as their subject. Pure.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lsp_assembler.model.images import Artifact
from lsp_assembler.oci.documents import OCI_INDEX, OCI_MANIFEST, parse_document
from lsp_assembler.oci.image import descriptor, encode

EMPTY = b"{}"
"""The configuration of what is no image: a blob like any other, to be uploaded."""

_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def referrer(artifact: Artifact, subject: Mapping[str, Any]) -> bytes:
    """The manifest of a document about an image: equal input, equal bytes.

    Args:
        subject: the descriptor of the image, as `descriptor` gives it.
    """
    annotations = dict(artifact.annotations)
    layer = {**descriptor(artifact.type, artifact.content), "annotations": annotations}
    return encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact.type,
            "config": descriptor(_EMPTY_TYPE, EMPTY),
            "layers": [layer],
            "subject": dict(subject),
            "annotations": annotations,
        }
    )


def entry_of(manifest: bytes) -> dict[str, Any]:
    """How a list of referrers names a manifest: with the type and all annotations of its document.

    Raises:
        ContentError: it is no manifest.
    """
    document = parse_document(manifest, OCI_MANIFEST).json
    config = document["config"]
    return {
        **descriptor(OCI_MANIFEST, manifest),
        "artifactType": document.get("artifactType") or config["mediaType"],
        **({"annotations": document["annotations"]} if document.get("annotations") else {}),
    }


def with_entries(index: Mapping[str, Any] | None, manifests: Sequence[bytes]) -> bytes | None:
    """A list of referrers with some more, each once; what others have put into it stays as it is.

    Args:
        index: the list until now, whose entries may be anything; None where there is none.

    Returns:
        None where all are listed already.
    """
    known = {"schemaVersion": 2, "mediaType": OCI_INDEX, **(index or {"manifests": []})}
    entries: list[Any] = known["manifests"]
    listed = {str(entry.get("digest")) for entry in entries if isinstance(entry, dict)}
    more = [entry for entry in map(entry_of, manifests) if entry["digest"] not in listed]
    return encode({**known, "manifests": [*entries, *more]}) if more else None


def subject_of(manifest: bytes) -> str:
    """The digest of the image that a manifest is about; "" for none."""
    subject = json.loads(manifest).get("subject")
    digest = subject.get("digest") if isinstance(subject, dict) else None
    return digest if isinstance(digest, str) else ""
