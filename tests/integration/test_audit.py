"""A policy from end to end: `check`, `build` and `audit` of images in a real registry, and what they ask."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler import AuditRequest, InvalidInputError, StoreOptions, audit
from tests.fakes.registry import FakeRegistry, Reply
from tests.integration.daemonless import OCI, OCI_INDEX
from tests.integration.support import Run, Tool, free_port, publish
from tests.services import Image, Registry, layer
from tests.services.image import descriptor, digest_of

POLICY = "policy:\n  max_age: 365d\n  superseded: warn\n  require_tag: deny\n"
LTFS = 84
NO_PATH = "it does not exist; expected an images.yml, a lock file, a folder or an image"
NO_POLICY = "there is no policy to judge it by"
NAME = "expected e.g. cyberdojo/languages-start-points:df28e04"


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def language_image(registry: Registry, repository: str, tag: str, age: int | None, **more: Any) -> str:
    """Publish a language image that is so many days old, or does not say; returns its name."""
    created = "" if age is None else days_ago(age)
    content = layer({"etc/made-of": f"{repository} {tag}".encode()})
    registry.put_image(repository, tag, Image((content,), created=created, **more))
    return f"{registry.host}/{repository}:{tag}"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The tool on a machine without an engine."""
    return Tool(tmp_path, f"unix://{tmp_path}/docker.sock")


Listed = Callable[..., list[str]]


@pytest.fixture
def listed(tool: Tool, registry: Registry, request: pytest.FixtureRequest) -> Listed:
    """Write an images.yml with an LSP image for each language image, and a policy."""

    def write(*images: str, policy: str = POLICY) -> list[str]:
        prefix = request.node.name.partition("[")[0].replace("_", "-")
        sources = [
            publish(registry, f"{prefix}/{number}", f"{prefix} {number}", image_name=image)
            for number, image in enumerate(images)
        ]
        lines = "".join(f"  - {source}\n" for source in sources)
        tool.write("images.yml", f"base: scratch\nname: acme/languages:1\nimages:\n{lines}{policy}")
        return sources

    return write


def rules(run: Run) -> dict[str, list[str]]:
    """The rules that each language image breaks, by the last part of its name."""
    return {
        each["image_name"].rpartition("/")[2]: [found["rule"] for found in each["findings"]]
        for each in run.json["images"]
    }


@pytest.fixture
def four(registry: Registry) -> list[str]:
    """Language images: fine; too old and superseded; without a date; without a tag."""
    language_image(registry, "four/old", "9f53889", 30)
    language_image(registry, "four/fine", "LSP-9f53889", 1)
    return [
        language_image(registry, "four/fine", "1a2b3c4", 10),
        language_image(registry, "four/old", "1a2b3c4", 400),
        language_image(registry, "four/undated", "1a2b3c4", None),
        language_image(registry, "four/untagged", "latest", 10).removesuffix(":latest"),
    ]


def test_check_build_and_audit_judge_alike(tool: Tool, listed: Listed, four: list[str]) -> None:
    listed(*four)
    audited = tool.run("audit", "--format", "json")
    assert (audited.status, rules(audited)) == (
        1,
        {
            "fine:1a2b3c4": [],
            "old:1a2b3c4": ["image-too-old", "image-superseded"],
            "undated:1a2b3c4": ["image-date-unknown"],
            "untagged": ["image-untagged"],
        },
    )
    for command in (["check"], ["build", "--to", "oci:made"]):
        run = tool.run(*command, "--format", "json")
        found = [each for each in run.json["findings"] if each["rule"] != "image-name-tagged"]
        assert run.status == 1
        assert [(each["index"], each["rule"], each["severity"], each["line"]) for each in found] == [
            (1, "image-too-old", "error", 5),
            (1, "image-superseded", "warning", 5),
            (2, "image-date-unknown", "warning", 6),
            (3, "image-untagged", "error", 7),
        ]
        old = f'image_name is "{four[1]}"; it is 400 days old (created {days_ago(400)[:10]}); '
        assert found[0]["message"] == f"{old}the policy allows 365 days"
    assert not (tool.folder / "made").exists()


def test_what_is_allowed_is_built_and_audited_as_image_lock_and_folder(
    tool: Tool, listed: Listed, four: list[str]
) -> None:
    listed(*four[:1], four[2])
    assert tool.run("build", "--to", "oci-archive:made.tar", "--context", "made").status == 0
    assert tool.run("lock").status == 0
    answers = [
        tool.run("audit", *arguments, "--format", "json")
        for arguments in (
            ["acme/languages:1", "--from", "oci-archive:made.tar"],
            ["images.lock"],
            ["./made"],
            ["images.yml"],
        )
    ]
    assert [run.status for run in answers] == [0, 0, 0, 0]
    assert [rules(run) for run in answers] == [
        {"fine:1a2b3c4": [], "undated:1a2b3c4": ["image-date-unknown"]}
    ] * 4
    places = [[(each["file"], each["line"]) for each in run.json["images"][1]["named_by"]] for run in answers]
    lock = tool.folder.joinpath("images.lock").read_text().split("\n")
    (name,) = [number for number, line in enumerate(lock, 1) if '"name"' in line and "/1:LSP" in line]
    assert places == [
        [(None, 3)],
        [("images.lock", name)],
        [("made/1/start_point/manifest.json", 3)],
        [("images.yml", 5)],
    ]
    assert tool.run("audit", "--strict").status == 1


def test_a_policy_of_its_own_counts_in_place_of_that_of_images_yml(
    tool: Tool, listed: Listed, four: list[str]
) -> None:
    listed(*four[:1])
    tool.write("policies/strict.yml", "max_age: 9d\ndeny: security.json\n")
    purl = f"pkg:oci/fine?repository_url={four[0].rpartition(':')[0]}"
    statement = {"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": purl}], "status": "affected"}
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": days_ago(1), "statements": [statement]}
    tool.write("policies/security.json", json.dumps(vex))
    run = tool.run("audit", "--policy", "policies/strict.yml", "--format", "json")
    assert (run.status, rules(run)) == (1, {"fine:1a2b3c4": ["image-denied", "image-too-old"]})
    assert tool.run("audit").status == 0


def test_one_that_asks_nothing_of_registries_needs_none(tool: Tool, listed: Listed) -> None:
    nowhere = f"127.0.0.1:{free_port()}/acme/go:1"
    tool.write("security.yml", f"- {{image: {nowhere}, reason: it mines coins}}\n")
    listed(nowhere, policy="policy:\n  require_tag: deny\n  deny: security.yml\n")
    run = tool.run("check", "--format", "json")
    assert [each["rule"] for each in run.json["findings"]] == ["image-denied"]


def test_a_registry_that_fails_is_no_answer(tool: Tool, listed: Listed, four: list[str]) -> None:
    nowhere = f"127.0.0.1:{free_port()}/acme/go:1"
    absent = four[0].replace("1a2b3c4", "0000000")
    listed(nowhere, absent, four[1])
    checked, audited = (
        tool.run(command, "--patience", "0", "--format", "json") for command in ("check", "audit")
    )
    assert (checked.status, audited.status) == (3, 3)
    assert [each["kind"] for each in checked.json["failures"]] == ["unavailable", "not-found"]
    failures = [each["failure"] and each["failure"]["kind"] for each in audited.json["images"]]
    assert failures == ["unavailable", "not-found", None]
    shown = tool.run("check", "--patience", "0").stdout
    assert f"the policy cannot be applied to its language image {absent}: " in " ".join(shown.split())
    assert "image-too-old" in shown


def test_a_denied_digest_is_that_of_the_image_or_of_one_platform(
    tool: Tool, listed: Listed, registry: Registry
) -> None:
    images = tuple(
        Image((layer({"a": b"a"}),), architecture=each, created=days_ago(1)) for each in ("amd64", "arm64")
    )
    index = registry.put_images("digests/both", "1a2b3c4", images)
    for digest in (index, digest_of(images[1].manifest())):
        tool.write("security.yml", f'- {{image: "x@{digest}", reason: the build was tampered with}}\n')
        listed(f"{registry.host}/digests/both:1a2b3c4", policy="policy: {deny: security.yml}\n")
        assert [each["rule"] for each in tool.run("check", "--format", "json").json["findings"]] == [
            "image-denied"
        ]


def test_what_refers_to_an_image_is_found_by_the_tag_where_there_is_no_api(
    tool: Tool, listed: Listed, registry: Registry
) -> None:
    name = language_image(registry, "referred/to", "1a2b3c4", 10)
    digest = registry.digest("referred/to", "1a2b3c4") or ""
    created = {"org.opencontainers.image.created": "2026-10-05T00:00:00Z"}
    manifest = Image((b"{}",), format="oci").manifest()
    for blob in Image((b"{}",), format="oci").blobs():
        registry.put_blob("referred/to", blob)
    registry.put_manifest("referred/to", digest_of(manifest), OCI, manifest)
    entry = descriptor(OCI, manifest) | {"artifactType": "application/spdx+json", "annotations": created}
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    registry.put_manifest("referred/to", digest.replace(":", "-"), OCI_INDEX, index)
    listed(name)
    run = tool.run("audit", "--format", "json")
    assert run.json["images"][0]["attestations"] == [{"kind": "SBOM", "created": "2026-10-05"}]
    assert "SBOM of 2026-10-05" in tool.run("audit").stdout


@pytest.mark.parametrize(
    ("source", "policy", "message"),
    [
        ("images.yml", None, f"images.yml: {NO_POLICY}"),
        ("a/b:1", None, f"a/b:1: {NO_POLICY}"),
        ("lists/images.lock", None, f"lists/images.lock: {NO_POLICY}"),
        ("images.yaml", None, f"images.yaml: {NO_PATH}"),
        (".", "nothing.yml", "nothing.yml: No such file or directory"),
        (".", "policy.yml", ".: it has no shas.txt; expected a folder of index dirs"),
        ("a b", "policy.yml", f"SOURCE: 'a b' is not a well-formed image name; {NAME}"),
    ],
)
def test_what_cannot_be_audited(
    source: str, policy: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images.yml").write_text("- busybox\n")
    Path("policy.yml").write_text("max_age: 1d\n")
    Path("lists").mkdir()
    Path("lists/images.lock").write_text("{}")
    with pytest.raises(InvalidInputError) as caught:
        audit(AuditRequest(source=source, policy=Path(policy) if policy else None))
    assert caught.value.message == message


def test_an_error_is_written_in_the_format_that_is_wanted(tool: Tool) -> None:
    run = tool.run("audit", "images.yml", "--format", "sarif")
    (log,) = run.json["runs"]
    said = log["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert (run.status, log["invocations"][0]["exitCode"]) == (2, 2)
    assert said.startswith(f"images.yml: {NO_PATH}")


class TestTraffic:
    """84 language images in 84 repositories, two newer and older tags in each, audited in one go."""

    @pytest.fixture
    def fake(self) -> Any:
        with FakeRegistry() as fake:
            for number in range(LTFS):
                for age, tag in enumerate(("1a2b3c4", "2a2b3c4", "3a2b3c4")):
                    self.put(fake, f"ltf/{number}", tag, days_ago(10 + age))
            yield fake

    def put(self, fake: FakeRegistry, repository: str, tag: str, created: str) -> None:
        config = json.dumps({"created": created, "rootfs": {"diff_ids": []}, "id": repository}).encode()
        document = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": fake.put_blob(repository, "application/vnd.oci.image.config.v1+json", config),
            "layers": [],
        }
        fake.put_manifest(repository, tag, json.dumps(document).encode())

    def request(self, fake: FakeRegistry, folder: Path) -> AuditRequest:
        images = [
            {
                "index": number,
                "name": f"ltf/{number}:LSP",
                "digest": f"sha256:{number:064x}",
                "created": None,
                "revision": None,
                "source": None,
                "display_names": [f"LTF {number}"],
                "image_names": [f"{fake.netloc}/ltf/{number}:1a2b3c4"],
            }
            for number in range(LTFS)
        ]
        base = {"name": "scratch", "digest": "", "platforms": {}}
        lock = {"schema": 1, "type": "languages", "base": base, "images": images}
        (folder / "images.lock").write_text(json.dumps(lock))
        (folder / "policy.yml").write_text("max_age: 9d\nsuperseded: deny\n")
        return AuditRequest(
            source=str(folder / "images.lock"),
            policy=folder / "policy.yml",
            stores=StoreOptions(cache=folder / "cache"),
        )

    def asked(self, fake: FakeRegistry, since: int) -> Counter[str]:
        """What was asked for, e.g. {"GET manifests": 84, "fallback": 84}; the latter are GETs, too."""
        kinds: Counter[str] = Counter()
        for seen in fake.seen[since:]:
            what = seen.path.split("/")[4]
            fallback = what == "manifests" and seen.path.split("/")[5].startswith("sha256-")
            kinds["fallback" if fallback else f"{seen.method} {what}"] += 1
        return kinds

    def test_every_question_is_asked_once_and_little_the_second_time(
        self, fake: FakeRegistry, tmp_path: Path
    ) -> None:
        request = self.request(fake, tmp_path)
        cold = audit(request)
        assert (cold.exit_status, len(cold.images)) == (1, LTFS)
        assert {tuple(each.rule for each in image.violations) for image in cold.images} == {
            ("image-too-old",)
        }
        asked = self.asked(fake, 0)
        # Those that are asked at the same time do not know yet that there is no API.
        assert 1 <= asked.pop("GET referrers") <= LTFS
        assert asked == {
            "GET manifests": 3 * LTFS,
            "GET blobs": 3 * LTFS,
            "GET tags": LTFS,
            "fallback": LTFS,
        }
        before = len(fake.seen)
        assert audit(request).images == cold.images
        asked = self.asked(fake, before)
        assert 1 <= asked.pop("GET referrers") <= LTFS
        assert asked == {"HEAD manifests": LTFS, "GET tags": LTFS, "fallback": LTFS}

    def test_an_api_that_fails_is_no_answer(self, fake: FakeRegistry, tmp_path: Path) -> None:
        for number in range(LTFS):
            digest = digest_of(fake.manifests[f"ltf/{number}", "1a2b3c4"][1])
            fake.always(f"/v2/ltf/{number}/referrers/{digest}", Reply(403))
        kinds = {each.failure and each.failure.kind for each in audit(self.request(fake, tmp_path)).images}
        assert kinds == {"unauthorized"}

    def test_an_api_spares_the_tag(self, fake: FakeRegistry, tmp_path: Path) -> None:
        entry = {"mediaType": OCI, "digest": f"sha256:{1:064x}", "size": 1}
        annotations = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}
        artifact = entry | {"artifactType": "application/vnd.in-toto+json", "annotations": annotations}
        for number in range(LTFS):
            digest = digest_of(fake.manifests[f"ltf/{number}", "1a2b3c4"][1])
            index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [artifact] if number else []}
            answer = Reply(200, {"Content-Type": OCI_INDEX}, json.dumps(index).encode())
            fake.always(f"/v2/ltf/{number}/referrers/{digest}", answer)
        images = audit(self.request(fake, tmp_path)).images
        found = [[each.kind for each in image.image.attestations] for image in images if image.image]
        assert found == [[], *[["provenance"]] * (LTFS - 1)]
        assert self.asked(fake, 0)["fallback"] == 0
