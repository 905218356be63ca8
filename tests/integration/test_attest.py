"""`build --attest` and `inspect --attestations`: registries, layouts, archives, and what other tools see."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemonless import base_image, blob, document, skopeo
from tests.integration.support import NO_ENGINE, Tool, publish
from tests.need import need
from tests.services import DockerEngine, Registry
from tests.services.image import digest_of
from tests.services.process import missing

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
TYPES = ["application/vnd.cyclonedx+json", "application/vnd.in-toto+json"]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path, NO_ENGINE)


@pytest.fixture(scope="module")
def arguments(registry: Registry) -> list[str]:
    registry.put_images("attest/base", "1", (base_image(), base_image("arm64")))
    sources = [publish(registry, f"attest/{number}", f"Lang {number}") for number in range(2)]
    return ["build", "--format", "json", "--base", f"{registry.host}/attest/base:1", *sources]


def image_of(tool: Tool, *words: str) -> Any:
    run = tool.run(*words)
    assert run.status == 0, run.output
    return run.json["image"]


def test_registry_without_an_api(tool: Tool, registry: Registry, arguments: list[str]) -> None:
    name = f"{registry.host}/attest/final"
    words = [*arguments, "--attest", "--to", "registry", "--tag", f"{name}:1", "--tag", f"{name}:2"]
    made = image_of(tool, *words)
    assert [each["type"] for each in made["attestations"]] == TYPES
    tag = made["digest"].replace(":", "-")
    listed = document(registry, "attest/final", tag)
    theirs = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": made["digest"], "size": 2}
    listed["manifests"].insert(0, {**theirs, "artifactType": "text/signature"})
    registry.put_manifest("attest/final", tag, OCI_INDEX, json.dumps(listed).encode())
    assert image_of(tool, *words) == made
    listed = document(registry, "attest/final", tag)
    assert [each["artifactType"] for each in listed["manifests"]] == ["text/signature", *TYPES]
    for entry in listed["manifests"][1:]:
        manifest = document(registry, "attest/final", entry["digest"])
        assert manifest["subject"]["digest"] == made["digest"]
        assert blob(registry, "attest/final", manifest["layers"][0]["digest"])
    assert json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}:{tag}")) == listed


def test_inspect_shows_every_document(tool: Tool, registry: Registry, arguments: list[str]) -> None:
    name = f"{registry.host}/attest/shown:1"
    made = image_of(tool, *arguments, "--attest", "--to", "registry", "--tag", name)
    run = tool.run("inspect", "--attestations", name)
    assert (run.status, run.json["digest"]) == (0, made["digest"])
    sbom, provenance = run.json["attestations"]
    assert (sbom["kind"], len(sbom["document"]["components"])) == ("SBOM", 3)
    assert provenance["predicate_type"] == "https://slsa.dev/provenance/v1"
    subject = provenance["document"]["subject"][0]
    assert f"sha256:{subject['digest']['sha256']}" == made["digest"]
    text = tool.run("inspect", "--attestations", "--format", "text", name).stdout
    assert "\nSBOM of 2026-" in text
    assert "\n  from 4 sources, each with its digest\n" in text
    run = tool.run("inspect", "--attestations", "--format", "text", f"{registry.host}/attest/base:1")
    assert "Nothing refers to it" in run.stdout


@pytest.mark.parametrize("store", ["oci:out", "oci-archive:out.tar"])
def test_layouts_and_archives_have_the_image_first(tool: Tool, arguments: list[str], store: str) -> None:
    made = image_of(tool, *arguments, "--to", store, "--tag", "attest/final:1")
    attested = image_of(tool, *arguments, "--attest", "--to", store, "--tag", "attest/final:1")
    assert (made["digest"], made["attestations"]) == (attested["digest"], [])
    run = tool.run("inspect", "--from", store, "--attestations", "attest/final:1")
    found = [each["digest"] for each in run.json["attestations"]]
    assert found == [each["digest"] for each in attested["attestations"]]
    kind, _, path = store.partition(":")
    place = f"{kind}:{tool.folder}/{path}:attest/final:1"
    assert digest_of(skopeo("inspect", "--raw", place).encode()) == made["digest"]
    image_of(tool, *arguments, "--attest", "--to", store, "--tag", "attest/final:2")
    skopeo("copy", "--all", place, f"oci:{tool.folder}/copy:x")
    if kind == "oci":
        entries = json.loads((tool.folder / "out/index.json").read_bytes())["manifests"]
        assert ["artifactType" in entry for entry in entries] == [False] * 2 + [True] * 4


def test_an_engine_loads_an_archive_with_attestations(
    tool: Tool, engine: DockerEngine, arguments: list[str]
) -> None:
    need(missing("docker"))
    name = "attest/loaded:1"
    image_of(tool, *arguments, "--attest", "--to", "oci-archive:out.tar", "--tag", name)
    command = ["docker", "--host", engine.url, "load", "--input", str(tool.folder / "out.tar")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"Loaded image: {name}\n"), run.stderr


def test_no_tag_without_its_attestations(tool: Tool, registry: Registry, arguments: list[str]) -> None:
    made = image_of(tool, *arguments, "--to", "oci:out", "--tag", "attest/torn:1")
    registry.put_image("attest/torn", made["digest"].replace(":", "-"), base_image())
    name = f"{registry.host}/attest/torn:1"
    run = tool.run(*arguments, "--attest", "--to", "registry", "--tag", name)
    assert (run.status, run.json["image"]) == (5, None)
    assert "expected the list of what refers to the image" in run.json["error"]
    assert registry.request("GET", "/v2/attest/torn/tags/list").json()["tags"] == [
        made["digest"].replace(":", "-")
    ]


def test_crane_sees_what_refers_to_an_image(tool: Tool, registry: Registry, arguments: list[str]) -> None:
    need(missing("crane"))
    name = f"{registry.host}/attest/crane"
    made = image_of(tool, *arguments, "--attest", "--to", "registry", "--tag", f"{name}:1")
    listed = f"{name}:{made['digest'].replace(':', '-')}"
    crane = subprocess.run(["crane", "manifest", listed], capture_output=True, check=True)
    for entry in json.loads(crane.stdout)["manifests"]:
        validated = ["crane", "manifest", f"{name}@{entry['digest']}"]
        manifest = json.loads(subprocess.run(validated, capture_output=True, check=True).stdout)
        content = ["crane", "blob", f"{name}@{manifest['layers'][0]['digest']}"]
        assert json.loads(subprocess.run(content, capture_output=True, check=True).stdout)
