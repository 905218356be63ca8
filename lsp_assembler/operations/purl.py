"""Package URLs of images, as SBOMs and provenance name them. Pure.

Specification: https://github.com/package-url/purl-spec, type "oci"
"""

from packageurl import PackageURL

from lsp_assembler.model.reference import Reference, repository_of


def purl(reference: Reference, digest: str) -> PackageURL:
    """The package URL of an image.

    `purl(Reference.parse("ltf/java:LSP"), "sha256:9f…")` is
    "pkg:oci/java@sha256:9f…?repository_url=docker.io/ltf/java&tag=LSP".
    """
    qualifiers = {"repository_url": repository_of(reference)}
    if reference.tag:
        qualifiers["tag"] = reference.tag
    return PackageURL("oci", None, reference.path.rpartition("/")[2], digest, qualifiers)
