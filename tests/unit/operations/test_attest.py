"""What `build --attest` says of an image: the same every time, and valid by the published schemas."""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from lsp_assembler.checkout.provenance import Provenance
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.images import Artifact, BaseImage, BuiltImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.attest import attester
from lsp_assembler.operations.build import BuildRequest
from lsp_assembler.operations.build_spec import BuildSpec
from lsp_assembler.operations.plan import plan
from tests.need import need

JAVA, CHECKOUT, BASE, IMAGE = (f"sha256:{pair * 32}" for pair in ("0a", "1b", "2c", "3d"))
NAME = "cyberdojofoundation/java_junit:LSP-4edf92a"
REVISION = "4edf92a8c7d6e5f40312233445566778899aabbc"
LABELS = {
    "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
    "org.opencontainers.image.revision": REVISION,
    "org.opencontainers.image.source": "https://github.com/org/java-junit",
    "org.opencontainers.image.version": "4edf92a",
    "org.opencontainers.image.licenses": "BSD-2-Clause",
}
BUILT = BuiltImage(
    ("org/languages:1", "org/languages:latest", "ghcr.io/org/languages:1"), IMAGE, ("linux/amd64",)
)
ACTIONS = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_WORKFLOW_REF": "org/languages/.github/workflows/build.yml@refs/heads/main",
    "GITHUB_RUN_ID": "17",
}


def point(digest: str, labels: Mapping[str, str], display_name: str) -> StartPoint:
    manifest = json.dumps(
        {"display_name": display_name, "image_name": "cyberdojofoundation/java_junit:4edf92a"}
    )
    return StartPoint(digest, Tree.of({MANIFEST: File(manifest.encode())}), labels)


def artifacts(
    base: str = BASE, environ: Mapping[str, str] = ACTIONS, epoch: int | None = None
) -> list[Artifact]:
    assembly = Assembly(
        StartPointType.LANGUAGES,
        (
            Outcome(Source(0, NAME, 2), 0.1, point(JAVA, LABELS, "Java 21, JUnit 5")),
            Outcome(Source(1, "./elm", is_directory=True), 0.1, point(CHECKOUT, {}, "Elm \ud800, ☃")),
        ),
        (),
        {},
    )
    spec = BuildSpec(
        [Reference.parse(name) for name in BUILT.names],
        4524,
        "FROM $base\n",
        "Dockerfile.template",
        Provenance(REVISION, "https://github.com/org/languages"),
        epoch,
    )
    request = BuildRequest(sources=(NAME, "./elm"), to_store="registry", base="org/base:1", environ=environ)
    attest = attester(request, plan(request.sources), spec)
    return list(attest(assembly, BaseImage("org/base:1" if base else "scratch", base, {}), BUILT))


def documents(**settings: Any) -> tuple[Any, Any]:
    sbom, provenance = (json.loads(each.content) for each in artifacts(**settings))
    return sbom, provenance


SETTINGS = pytest.mark.parametrize(
    "settings", [{}, {"base": ""}, {"environ": {}, "epoch": 0}], ids=["usual", "scratch", "bare"]
)


@SETTINGS
def test_the_sbom_is_valid_by_its_published_schema(settings: Mapping[str, Any]) -> None:
    sbom, _ = artifacts(**settings)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.content.decode()) is None


@SETTINGS
def test_the_provenance_is_valid_by_its_published_schema(settings: Mapping[str, Any]) -> None:
    """That of in-toto is for protocol buffers, which know no other fields than those."""
    absent = find_spec("in_toto_attestation") is None
    need("the Python package in-toto-attestation is not installed" if absent else "")

    json_format = import_module("google.protobuf.json_format")
    of_predicate = import_module("in_toto_attestation.predicates.provenance.v1.provenance_pb2")
    of_statement = import_module("in_toto_attestation.v1.statement_pb2")

    _, provenance = artifacts(**settings)
    statement = json_format.Parse(provenance.content, of_statement.Statement())
    predicate = json_format.ParseDict(
        json_format.MessageToDict(statement.predicate), of_predicate.Provenance()
    )
    assert statement.type == "https://in-toto.io/Statement/v1"
    assert statement.predicate_type == "https://slsa.dev/provenance/v1"
    assert predicate.build_definition.build_type.startswith("https://")
    assert predicate.run_details.builder.id.startswith("https://github.com/")


def test_the_same_every_time() -> None:
    assert artifacts() == artifacts(environ={**ACTIONS, "GITHUB_RUN_ID": "18"})


def test_every_part_has_what_is_known_of_it() -> None:
    sbom, _ = documents()
    parts = {part["bom-ref"]: part for part in sbom["components"]}
    java, elm = parts["start-point-0"], parts["start-point-1"]
    assert java["purl"] == (
        f"pkg:oci/java_junit@{JAVA}?repository_url=docker.io/cyberdojofoundation/java_junit&tag=LSP-4edf92a"
    )
    assert (java["name"], java["version"]) == ("cyberdojofoundation/java_junit", "4edf92a")
    assert java["licenses"] == [{"license": {"id": "BSD-2-Clause"}}]
    assert java["externalReferences"] == [{"type": "vcs", "url": "https://github.com/org/java-junit"}]
    assert {"name": "org.opencontainers.image.revision", "value": REVISION} in java["properties"]
    assert ("purl" in elm, elm["name"], elm["version"]) == (False, "./elm", CHECKOUT)
    assert parts["base"]["purl"] == f"pkg:oci/base@{BASE}?repository_url=docker.io/org/base&tag=1"
    assert sbom["metadata"]["component"]["purl"].startswith(f"pkg:oci/languages@{IMAGE}?")
    assert sbom["metadata"]["timestamp"] == "2026-11-21T03:34:00+00:00"


def test_provenance_has_all_that_went_in_by_digest() -> None:
    _, provenance = documents()
    definition = provenance["predicate"]["buildDefinition"]
    assert [subject["name"] for subject in provenance["subject"]] == [
        "org/languages",
        "ghcr.io/org/languages",
    ]
    assert {subject["digest"]["sha256"] for subject in provenance["subject"]} == {"3d" * 32}
    list_, template, base, java, elm = definition["resolvedDependencies"]
    assert list_ == {"uri": "git+https://github.com/org/languages", "digest": {"gitCommit": REVISION}}
    assert template["name"] == "Dockerfile.template"
    assert [each["digest"]["sha256"] for each in (base, java, elm)] == ["2c" * 32, "0a" * 32, "1b" * 32]
    assert java["annotations"]["org.opencontainers.image.revision"] == REVISION
    assert definition["externalParameters"]["sources"] == [NAME, "./elm"]
    assert "internalParameters" not in definition


def test_the_builder_is_the_workflow_or_anybody() -> None:
    builder = documents()[1]["predicate"]["runDetails"]["builder"]
    assert builder["id"] == f"https://github.com/{ACTIONS['GITHUB_WORKFLOW_REF']}"
    _, provenance = documents(environ={}, epoch=7)
    assert (
        provenance["predicate"]["runDetails"]["builder"]["id"]
        == "https://github.com/cyber-dojo/lsp-assembler"
    )
    definition = provenance["predicate"]["buildDefinition"]
    assert definition["internalParameters"] == {"SOURCE_DATE_EPOCH": 7}


def test_a_list_tells_what_each_document_is() -> None:
    sbom, provenance = artifacts()
    created = {"org.opencontainers.image.created": "2026-11-21T03:34:00Z"}
    assert (sbom.type, sbom.annotations) == ("application/vnd.cyclonedx+json", created)
    predicate = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}
    assert (provenance.type, provenance.annotations) == ("application/vnd.in-toto+json", created | predicate)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    with pytest.raises(InvalidInputError, match=r"the extra 'attest'\n.*'\[attest\]' after its name"):
        artifacts()
