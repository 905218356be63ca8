"""`report` on images in a real registry: from a list, a lock file and an image; what fails; what it asks."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lsp_assembler import ReportRequest, StoreOptions, report
from tests.fakes.registry import FakeRegistry, Reply
from tests.integration.daemonless import OCI
from tests.integration.support import Run, Tool, free_port, images_yml, start_point
from tests.services import Image, Registry, layer

REVISION = "c8a7d6e5f40312233445566778899aabbc"
SOURCE = "https://github.com/cyber-dojo-start-points"
LABEL = "org.opencontainers.image"


def annotations(tag: str, age: int, image_name: str, green: float | None) -> dict[str, str]:
    """What `pack` writes into the manifest of an LSP image."""
    created = datetime.now(UTC) - timedelta(days=age)
    durations = {"red": 1.5, "amber": 0.5, "green": green}
    return {
        f"{LABEL}.created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{LABEL}.revision": f"{tag}{REVISION}"[:40],
        f"{LABEL}.source": f"{SOURCE}/java-junit",
        f"{LABEL}.title": "Java 21, JUnit 5",
        f"{LABEL}.version": tag,
        "org.cyber-dojo.lsp.image-name": image_name,
    } | ({} if green is None else {"org.cyber-dojo.lsp.durations": json.dumps(durations)})


def put(registry: Registry, repository: str, tag: str, age: int, green: float | None = 1.0) -> str:
    """Publish a version: the language image, the LSP image, and :LSP. Returns the name of the last."""
    name = f"{registry.host}/{repository}"
    said = annotations(tag, age, f"{name}:{tag}", green)
    content = layer({"etc/made-of": f"{repository} {tag}".encode() * (1000 - age)})
    registry.put_image(repository, tag, Image((content,), created=said[f"{LABEL}.created"]))
    files = start_point(f"{repository} {tag}", image_name=f"{name}:{tag}")
    lsp = Image((layer(files),), said, format="oci", annotations=said)
    for each in (f"LSP-{tag}", "LSP"):
        registry.put_image(repository, each, lsp)
    return f"{name}:LSP"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The tool on a machine without an engine."""
    return Tool(tmp_path, f"unix://{tmp_path}/docker.sock")


def versions(run: Run) -> list[tuple[str, str, int, bool]]:
    """Repository (its last part), tag, age and whether it is in use, of each version."""
    return [
        (each["repository"].rpartition("/")[2], each["tag"], each["age"], each["in_use"])
        for each in run.json["versions"]
    ]


@pytest.fixture
def two(registry: Registry, tool: Tool, request: pytest.FixtureRequest) -> list[str]:
    """Two LTFs: one whose newest version is in use, one that is pinned to the oldest."""
    prefix = request.node.name.partition("[")[0].replace("_", "-")
    names = [f"{registry.host}/{prefix}/java:LSP", f"{registry.host}/{prefix}/go:LSP-1a2b3c4"]
    for tag, age, green in (("1a2b3c4", 400, 1.0), ("2a2b3c4", 40, 1.2), ("3a2b3c4", 5, 1.5)):
        for name in ("java", "go"):
            put(registry, f"{prefix}/{name}", tag, age, green)
    tool.write("images.yml", images_yml(*names, name=f"{registry.host}/{prefix}/languages:1", base="scratch"))
    return names


IN_USE = [("java", "LSP-3a2b3c4", 5, True), ("go", "LSP-1a2b3c4", 400, True)]


@pytest.mark.usefixtures("two")
def test_list_lock_and_image_are_reported_alike(tool: Tool) -> None:
    assert tool.run("lock").status == 0
    assert tool.run("build", "--to", "registry").status == 0
    name = tool.folder.joinpath("images.yml").read_text().split()[1]
    runs = [
        tool.run("report", *source, "--format", "json")
        for source in ([], ["images.lock"], [name], [name, "--from", "registry"])
    ]
    for run in runs:
        assert (run.status, versions(run)) == (0, IN_USE), run.output
        assert run.json["versions"] == runs[0].json["versions"]
        (service,) = run.json["services"]
        assert (service["name"], service["is_absent"], service["base"]["name"]) == (name, False, "scratch")
    java = runs[0].json["versions"][0]
    assert (java["slower"], java["durations"]["green"], java["image_name"][-13:]) == (
        25.0,
        1.5,
        "/java:3a2b3c4",
    )
    assert java["compressed"] > 0
    everything = versions(tool.run("report", "--all", "--format", "json"))
    assert [each[1] for each in everything] == ["LSP-3a2b3c4", "LSP-2a2b3c4", "LSP-1a2b3c4"] * 2


def test_the_commit_of_a_base_is_not_that_of_what_is_built_on_it(tool: Tool, registry: Registry) -> None:
    config = {"Env": [f"SHA={REVISION}"]}
    for name, labels in (("runner", {}), ("languages", {"org.cyber-dojo.start-point": "languages"})):
        image = Image((layer({"app/a": b"a"}),), labels, config=config)
        registry.put_image(f"commits/{name}", "1", image)
    names = [f"{registry.host}/commits/{name}:1" for name in ("runner", "languages")]
    lsp = put(registry, "commits/java", "1a2b3c4", 3)
    tool.write("images.yml", images_yml(lsp, name=names[1]))
    tool.write("services.yml", images_yml(*names))
    run = tool.run("report", "--services", "services.yml", "--format", "json")
    assert [(each["name"], each["revision"]) for each in run.json["services"]] == [
        (names[1], None),
        (names[0], REVISION),
    ]


@pytest.mark.usefixtures("two")
def test_filters_and_formats(tool: Tool) -> None:
    old = tool.run("report", "--older-than", "1y", "--format", "csv")
    assert [row["tag"] for row in csv.DictReader(io.StringIO(old.stdout))] == ["LSP-1a2b3c4"]
    slowest = tool.run("report", "--all", "--slowest", "2", "--format", "markdown")
    assert slowest.stdout.count("LSP-3a2b3c4") == 2
    (_, row) = tool.run("report", "--slower", "24%").stdout.splitlines()
    assert row.split("\t")[1:] == [
        "LSP-3a2b3c4",
        "5 d",
        row.split("\t")[3],
        "1.50 s",
        "+25 %",
        "0.50 s",
        "1.50 s",
    ]
    assert tool.run("report", "--slower", "26%").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--older-than", "1m"],
            "--older-than: '1m' is not an age; expected days, weeks or years, e.g. 90d, 8w or 1y",
        ),
        (["--grown", "much"], "--grown: 'much' is not a percentage; expected e.g. 20%"),
        (
            ["nowhere.yml"],
            "nowhere.yml: there is no such file; expected an images.yml, a lock file or an image",
        ),
        (["--data", "."], ".: no file NAME/durations.json in it"),
        (["--services", "none.yml"], "none.yml: No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    arguments: list[str], message: str, tool: Tool
) -> None:
    tool.write("images.yml", images_yml(f"127.0.0.1:{free_port()}/acme/go:LSP"))
    run = tool.run("report", *arguments)
    assert (run.status, run.stderr.splitlines()[0]) == (2, f"error: {message}")


def test_a_policy_judges_old_versions_as_well(tool: Tool, two: list[str]) -> None:
    tool.write("images.yml", images_yml(*two) + "policy: {max_age: 365d}\n")
    run = tool.run("report", "--all", "--format", "json")
    judged = [each["policy"]["judgement"] for each in run.json["versions"]]
    assert judged == ["allowed", "allowed", "denied"] * 2
    assert run.json["versions"][2]["policy"]["reasons"][0].startswith("image-too-old: it is 400 days old")


def test_durations_that_are_recorded_elsewhere(tool: Tool, registry: Registry) -> None:
    name = put(registry, "recorded/java_junit", "4edf92a", 3, None)
    put(registry, "recorded/java_junit", "5edf92a", 2, None)
    tool.write("images.yml", images_yml(name))
    text = '{"red_duration": "2", "amber_duration": "1", "green_duration": "3.25"}'
    tool.write("data/java-junit/durations.json", text)
    tool.write("data/java-junit/git_repo.url", f"4edf92a@{SOURCE}/java-junit\n")
    run = tool.run("report", "--all", "--data", "data", "--format", "json")
    assert [each["durations"] for each in run.json["versions"]] == [
        None,
        {"red": 2.0, "amber": 1.0, "green": 3.25},
    ]


def test_what_is_in_use_is_shown_without_a_tag_of_its_own(tool: Tool, registry: Registry) -> None:
    put(registry, "odd/java", "1a2b3c4", 9)
    digest = registry.digest("odd/java", "LSP-1a2b3c4")
    lsp = put(registry, "odd/java", "2a2b3c4", 3)
    registry.request("DELETE", f"/v2/odd/java/manifests/{registry.digest('odd/java', 'LSP')}", expected=202)
    said = annotations("9a2b3c4", 1, f"{registry.host}/odd/java:2a2b3c4", 1.0)
    registry.put_image("odd/java", "LSP", Image((layer(start_point("x")),), said, annotations=said))
    for name, shown in ((lsp, "LSP"), (f"{lsp.removesuffix(':LSP')}@{digest}", "LSP-1a2b3c4")):
        tool.write("images.yml", images_yml(name))
        run = tool.run("report", "--format", "json")
        assert [each["tag"] for each in run.json["versions"]] == [shown]


def test_one_that_fails_does_not_hide_the_others(tool: Tool, two: list[str], registry: Registry) -> None:
    nowhere = f"127.0.0.1:{free_port()}/acme/go:LSP"
    absent = f"{registry.host}/acme/nothing:LSP"
    tool.write("images.yml", images_yml(nowhere, absent, *two))
    run = tool.run("report", "--patience", "0", "--html", "site", "--services", "images.yml")
    assert run.status == 3
    assert "site/index.html: 4 languages with 6 versions; not everything could be read" in run.stdout
    page = tool.folder.joinpath("site/languages.html").read_text("utf-8")
    assert "With a problem: 2" in page
    assert page.count("java:LSP-3a2b3c4") == 1
    for name in (nowhere, absent):
        assert f"error: {name}" in run.stderr or f"error: {name.removesuffix(':LSP')}" in run.stderr


def test_other_files_of_a_folder_stay(tool: Tool, two: list[str]) -> None:
    del two
    tool.write("site/CNAME", "report.example.org")
    assert tool.run("report", "--html", "site").status == 0
    assert {each.name for each in (tool.folder / "site").iterdir()} == {
        "CNAME",
        "index.html",
        "languages.html",
    }
    tool.write("file", "")
    run = tool.run("report", "--html", "file")
    assert (run.status, run.stderr.splitlines()[0]) == (5, "error: file: cannot be made: File exists")


class TestTraffic:
    """8 LTFs with 5 versions each."""

    LTFS, TAGS = 8, 5

    @pytest.fixture
    def fake(self) -> Iterator[FakeRegistry]:
        with FakeRegistry() as fake:
            for number in range(self.LTFS):
                for age in range(self.TAGS):
                    self.put(fake, f"ltf/{number}", f"{age}a2b3c4", age)
            yield fake

    def put(self, fake: FakeRegistry, repository: str, tag: str, age: int) -> None:
        config = json.dumps({"rootfs": {"diff_ids": []}}).encode()
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": fake.put_blob(repository, "application/vnd.oci.image.config.v1+json", config),
            "layers": [],
        }
        fake.put_manifest(repository, tag, json.dumps({**document, "annotations": {"tag": tag}}).encode())
        said = annotations(tag, age, f"{fake.netloc}/{repository}:{tag}", 1.0)
        for each in (f"LSP-{tag}", *(["LSP"] if age == 0 else [])):
            fake.put_manifest(repository, each, json.dumps({**document, "annotations": said}).encode())

    def request(self, fake: FakeRegistry, folder: Path) -> ReportRequest:
        names = [f"{fake.netloc}/ltf/{number}:LSP" for number in range(self.LTFS)]
        (folder / "images.yml").write_text("".join(f"- {name}\n" for name in names))
        return ReportRequest(source=str(folder / "images.yml"), stores=StoreOptions(cache=folder / "cache"))

    def asked(self, fake: FakeRegistry, since: int) -> Counter[str]:
        return Counter(f"{seen.method} {seen.path.split('/')[4]}" for seen in fake.seen[since:])

    def test_a_version_is_read_once(self, fake: FakeRegistry, tmp_path: Path) -> None:
        request = self.request(fake, tmp_path)
        cold = report(request)
        total = self.LTFS * self.TAGS
        assert cold.exit_status == 0
        assert sum(len(each.versions) for each in cold.languages) == total
        asked = self.asked(fake, 0)
        assert asked == {"GET tags": self.LTFS, "HEAD manifests": self.LTFS, "GET manifests": 2 * total}
        before = len(fake.seen)
        assert report(request) == cold
        assert self.asked(fake, before) == {"GET tags": self.LTFS, "HEAD manifests": self.LTFS}
        self.put(fake, "ltf/3", "9a2b3c4", 0)
        before = len(fake.seen)
        assert len(report(request).languages[3].versions) == self.TAGS + 1
        assert self.asked(fake, before)["GET manifests"] == 2

    def test_images_that_are_gone_matter_only_in_use(self, fake: FakeRegistry, tmp_path: Path) -> None:
        for number, tag in ((1, "4a2b3c4"), (2, "0a2b3c4")):
            fake.always(f"/v2/ltf/{number}/manifests/{tag}", Reply(404))
        fake.always("/v2/ltf/5/manifests/LSP-2a2b3c4", Reply(403))
        found = report(self.request(fake, tmp_path))
        assert found.exit_status == 3
        assert [each.partition(": ")[0].partition("/")[2] for each in found.problems] == [
            "ltf/2:0a2b3c4",
            "ltf/5:LSP-2a2b3c4",
        ]
        assert found.languages[1].versions[-1].image_problem
