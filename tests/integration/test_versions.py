"""`migrate`, `tags` and `update` as their users meet them, against real stores.

A case is a folder of tests/cases/{migrate,tags,update}: the files that a user has; expected.txt, which is all
that the terminal shows; and after.yml, what images.yml is afterwards, if that is not what it was.
After a wanted change: UPDATE_CASES=1 pytest tests/integration/test_versions.py, then read the difference.
"""

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import docker
import pytest

from lsp_assembler.config.images_file import load
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.image import data_image
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.daemonless.layout import OciLayout
from lsp_assembler.stores.daemonless.store import DaemonlessStore
from tests import ROOT
from tests.corpus import CorpusStartPoint
from tests.fakes.registry import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, FakeRegistry
from tests.integration.support import NO_ENGINE, REVISION, Tool, free_port, images_yml, start_point
from tests.services import DockerEngine, Image, Registry, layer

CASES = ROOT / "tests/cases"
NAMES = [
    f"{command}/{path.name}"
    for command in ("migrate", "tags", "update")
    for path in (CASES / command).iterdir()
]
EXPECTED, AFTER = "expected.txt", "after.yml"
PYTHON, JAVA, OTHER, TWINS, BROKEN = (
    f"versions/{name}" for name in ("python_unittest", "java_junit", "other", "twins", "broken")
)
SOURCE = "https://github.com/cyber-dojo-start-points/"
VERSIONS = {
    (PYTHON, "LSP-3.7.4-18"): "2026-03-01T10:00:00Z",
    (PYTHON, "LSP-3.10.0-1"): "2026-02-01T10:00:00Z",
    (PYTHON, "LSP-3.7.5-1"): "2026-05-01T10:00:00Z",
    (PYTHON, "LSP"): "2026-05-01T10:00:00Z",
    (PYTHON, "latest"): "2026-06-01T10:00:00Z",
    (JAVA, "LSP-9f53889"): "2026-11-20T03:34:00Z",
    (JAVA, "LSP-4edf92a"): "2026-11-21T03:34:00+01:00",
    (JAVA, "LSP-0a0a0a0"): "",
    (JAVA, "LSP"): "2026-11-21T03:34:00+01:00",
    (OTHER, "LSP"): "2026-11-21T03:34:00Z",
    (OTHER, "4edf92a"): "2026-11-21T03:34:00Z",
    (TWINS, "LSP-1"): "2026-11-21T03:34:00Z",
    (TWINS, "LSP-2"): "2026-11-21T03:34:00Z",
}
"""When each image was made."""


DIGEST = re.compile(r"sha256:[0-9a-f]{12,}")  # depends on how this machine compresses


def label(repository: str, created: str) -> dict[str, str]:
    source = SOURCE + repository.rpartition("/")[2].replace("_", "-")
    dates = {"org.opencontainers.image.created": created} if created else {}
    return {
        **dates,
        "org.opencontainers.image.revision": REVISION,
        "org.opencontainers.image.source": source,
    }


@pytest.fixture(scope="module")
def filled(registry: Registry) -> Registry:
    """The registry with all versions in it."""
    for (repository, tag), created in VERSIONS.items():
        name = repository.rpartition("/")[2] + ("" if repository == TWINS else f" {tag}")
        registry.put_image(repository, tag, Image((layer(start_point(name)),), label(repository, created)))
    config = registry.put_blob(BROKEN, b"this is no configuration")
    document = (
        '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[],"config":'
        f'{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":24}}}}'
    )
    for tag in ("LSP-4edf92a", "LSP-9f53889"):
        registry.put_manifest(BROKEN, tag, "application/vnd.oci.image.manifest.v1+json", document.encode())
    registry.put_image(BROKEN, "LSP", Image((layer(start_point("Good")),), label(BROKEN, "")))
    return registry


@pytest.mark.parametrize("name", NAMES)
def test_says_exactly(name: str, filled: Registry, tmp_path: Path) -> None:
    places = {"{registry}": filled.host, "{dead}": f"127.0.0.1:{free_port()}"}
    case = CASES / name
    tool = Tool(tmp_path, NO_ENGINE)
    for path in case.rglob("*"):
        if path.is_file() and path.name not in (EXPECTED, AFTER):
            target = tool.write(path.relative_to(case).as_posix(), "")
            target.write_bytes(fill(path.read_bytes(), places))
    images = tmp_path / "images.yml"
    before = images.read_bytes() if images.exists() else None
    command = (case / EXPECTED).read_text("utf-8").splitlines()[0]
    words = shlex.split(fill(command.encode(), places).decode())
    assert words[:2] == ["$", "lsp-assembler"]
    done = tool.run(*words[2:])
    shown = f"{command}\n{done.stderr}--- stdout\n{done.stdout}--- exit status {done.status}\n"
    for key, place in places.items():
        shown = shown.replace(place, key)
    shown = DIGEST.sub("sha256:…", shown)
    if os.environ.get("UPDATE_CASES"):
        (case / EXPECTED).write_text(shown, "utf-8")
    assert shown == (case / EXPECTED).read_text("utf-8")
    after = case / AFTER
    now = images.read_bytes() if images.exists() else None
    assert now == (fill(after.read_bytes(), places) if after.exists() else before)
    if now != before:
        assert load(str(images)).images
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".images")] == []


def fill(content: bytes, places: Mapping[str, str]) -> bytes:
    for key, place in places.items():
        content = content.replace(key.encode(), place.encode())
    return content


@pytest.mark.parametrize("store", ["docker", "registry"])
def test_a_list_of_git_repositories_becomes_an_image_with_both_versions(
    store: str, engine: DockerEngine, filled: Registry, registry_base: str, tmp_path: Path
) -> None:
    """The whole way: migrate, build with two versions side by side, move one of them, build again."""
    tool = Tool(tmp_path, engine.url)
    url = "https://github.com/cyber-dojo-languages/python-unittest.git"
    tool.write("repos.txt", f"{url}?tag=3.7.4-18  # the old one\n{url}?tag=3.7.5-1\n")
    mapping = f"python-unittest={filled.host}/{PYTHON}"
    assert tool.run("migrate", "repos.txt", "--map", mapping, "-o", "images.yml").status == 0
    old, new, newest = (f"{filled.host}/{PYTHON}:LSP-{each}" for each in ("3.7.4-18", "3.7.5-1", "3.10.0-1"))
    arguments = ("--from", store, "--to", store, "--format", "json", "--base", registry_base)
    build = ("build", *arguments, "--tag", f"{filled.host}/versions/built:1")
    built = tool.run(*build)
    assert built.status == 0, built.output
    points = built.json["start_points"]
    assert [(point["source"], point["manifests"][0]["display_name"]) for point in points] == [
        (old, "python_unittest LSP-3.7.4-18"),
        (new, "python_unittest LSP-3.7.5-1"),
    ]
    moved = tool.run("update", new, "3.10.0-1", "--from", store)
    assert moved.stdout == (
        f"place\timage\twhat\nimages.yml:2\t{filled.host}/{PYTHON}\tLSP-3.7.5-1 -> LSP-3.10.0-1\n"
    )
    assert (tmp_path / "images.yml").read_text("utf-8") == f"- {old}  # the old one\n- {newest}\n"
    assert [point["source"] for point in tool.run(*build).json["start_points"]] == [old, newest]


def test_digests_are_those_of_the_registry(filled: Registry, tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    found = tool.run("tags", f"{filled.host}/{PYTHON}", "--all", "--format", "json")
    assert found.stderr == ""
    assert {each["tag"]: each["digest"] for each in found.json["tags"]} == {
        tag: filled.digest(PYTHON, tag) for repository, tag in VERSIONS if repository == PYTHON
    }


class TestDocs:
    PAGE = (ROOT / "docs" / "versions.md").read_text("utf-8")

    def test_every_field_of_the_json_is_on_the_page(self, filled: Registry, tmp_path: Path) -> None:
        tool = Tool(tmp_path, NO_ENGINE)
        report = tool.run("tags", f"{filled.host}/{JAVA}", "--from", "registry", "--format", "json").json
        assert [field for field in (*report, *report["tags"][0]) if f"`{field}`" not in self.PAGE] == []

    def test_the_example_gives_what_the_page_shows(self, tmp_path: Path) -> None:
        tool = Tool(tmp_path, NO_ENGINE)
        tool.write("git_repo_urls", block(self.PAGE, "text"))
        images = {"java-junit": "java_junit", "python-unittest": "python_unittest"}
        for repository, image in images.items():
            tool.write(f"manifests/{repository}.json", f'{{"image_name": "cyberdojofoundation/{image}:1"}}')
        patterns, command = (
            line for line in self.PAGE.splitlines() if line.startswith("    lsp-assembler migrate")
        )
        words = command.replace("../", "").removesuffix(" -o images.yml").split()
        assert tool.run(*words[1:]).stdout == block(self.PAGE, "yaml")
        tool.write("checkouts/gplusplus-catch.json", '{"image_name": "org/gpp_catch"}')
        urls = [f"31a1cff@{SOURCE}{each}\n" for each in ("java-junit", "gplusplus-catch")]
        tool.write("git_repo_urls.tagged", "".join(urls))
        assert tool.run(*shlex.split(patterns.replace("../", ""))[1:]).status == 0
        images_yml = (tmp_path / "images.yml").read_text()
        java = "- ghcr.io/cyber-dojo-languages/java_junit:LSP-31a1cff\n"
        assert images_yml == f"{java}- org/gpp_catch:LSP-31a1cff\n"
        tool.write("data/ruby/git_repo.url", "https://github.com/org/Ruby-RSpec")
        tool.write("data/java/git_repo.url", "https://github.com/org/java-junit\n")
        found = tool.run("migrate", "data", "--map", "ruby-*=org/lsp-{repo}", "--map", "java-junit=org/java")
        assert found.stdout == "- org/java:LSP\n- org/lsp-ruby-rspec:LSP\n"


def block(page: str, language: str) -> str:
    """The first block of a page in a language."""
    return page.split(f"```{language}\n")[1].partition("```")[0]


def test_an_engine_lists_the_images_that_it_has(
    engine: DockerEngine, docker_client: docker.DockerClient, filled: Registry, tmp_path: Path
) -> None:
    tool = Tool(tmp_path, engine.url)
    repository = "local/python_unittest"
    for tag in ("LSP-3.7.4-18", "LSP-3.10.0-1", "LSP", "4edf92a"):
        pulled = docker_client.images.pull(f"{filled.host}/{PYTHON}", "LSP-3.7.4-18")
        pulled.tag(repository, tag)
    run = tool.run("tags", repository, "--from", "docker", "--format", "json")
    assert run.status == 0, run.output
    assert [(each["tag"], each["moves"], each["created"], each["revision"]) for each in run.json["tags"]] == [
        ("LSP", True, "2026-03-01T10:00:00Z", REVISION),
        ("LSP-3.10.0-1", False, "2026-03-01T10:00:00Z", REVISION),
        ("LSP-3.7.4-18", False, "2026-03-01T10:00:00Z", REVISION),
    ]
    tool.write("images.yml", images_yml(f"{repository}:LSP"))
    moved = tool.run("update", f"docker.io/{repository}")
    assert moved.stdout == (f"place\timage\twhat\nimages.yml:3\t{repository}\tLSP -> LSP-3.10.0-1\n")
    stays = tool.run("update", repository, "--from", "docker").stdout
    assert stays.endswith(
        "LSP-3.10.0-1 stays: nothing newer in the engine ('--from registry' asks the registries)\n"
    )
    absent = tool.run("tags", "local/absent", "--from", "docker")
    assert (absent.status, absent.stdout) == (3, "")
    assert absent.stderr.startswith("error: local/absent: the engine has no image of this name\n")


@pytest.fixture
def layout(tmp_path: Path) -> Callable[..., None]:
    """Puts LSP images into the layout `oci` beside which the tool runs."""

    def put(repository: str, *tags: str, **labels: str) -> None:
        contents = OciLayout(tmp_path / "oci", "oci:oci")
        store = DaemonlessStore("oci:oci", contents, contents, Limits())
        tree = Tree.of({"start_point/manifest.json": File(b"{}")})
        image = data_image(tree, {**label(repository, "2026-11-21T03:34:00Z"), **labels})
        store.publish(image, [Reference.parse(repository).with_tag(tag) for tag in tags])

    return put


def test_a_layout_lists_the_names_in_its_index(layout: Callable[..., None], tmp_path: Path) -> None:
    layout("org/java_junit", "LSP", "LSP-4edf92a")
    layout("org/java", "LSP", "LSP-1")
    tool = Tool(tmp_path, NO_ENGINE)
    run = tool.run("tags", "docker.io/org/java_junit", "--from", "oci:oci", "--format", "json")
    assert run.status == 0, run.output
    assert (run.json["order"], run.json["store"]) == ("created", "oci:oci")
    assert [each["tag"] for each in run.json["tags"]] == ["LSP", "LSP-4edf92a"]
    assert run.json["tags"][0]["digest"] == run.json["tags"][1]["digest"]


def test_packed_images_know_their_repositories(layout: Callable[..., None], tmp_path: Path) -> None:
    layout("org/java_junit", "LSP")
    layout("org/unlabelled", "LSP-1", **{"org.opencontainers.image.source": ""})
    tool = Tool(tmp_path, NO_ENGINE)
    tool.write("repos.txt", "git@github.com:cyber-dojo-start-points/java-junit.git\n")
    run = tool.run("migrate", "repos.txt", "--packed", "org/java_junit", "--from", "oci:oci")
    assert (run.status, run.stdout) == (0, "- org/java_junit:LSP\n"), run.output
    packed = ("--packed", "org/unlabelled:LSP-1", "--packed", "org/absent")
    run = tool.run("migrate", "repos.txt", *packed, "--from", "oci:oci")
    assert (run.status, run.stdout) == (3, "")
    assert run.stderr.startswith(
        "error: org/unlabelled:LSP-1: it has no label org.opencontainers.image.source; "
        "expected an image that 'pack' made of a checkout\n"
        "error: org/absent:LSP: no such image in oci:oci, which has "
    )


def test_update_asks_only_which_tags_there_are_where_versions_have_an_order(tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    with FakeRegistry() as fake:
        for number in range(30):
            fake.put_image("a/java", f"LSP-1.{number}", b"layer")
        tool.write("images.yml", f"- {fake.netloc}/a/java:LSP-1.3\n")
        assert tool.run("update", f"{fake.netloc}/a/java", "--from", "registry").status == 0
        asked = [(seen.method, seen.path) for seen in fake.seen if seen.path != "/v2/"]
        assert asked == [("GET", "/v2/a/java/tags/list")]
        assert (tmp_path / "images.yml").read_text() == f"- {fake.netloc}/a/java:LSP-1.29\n"


def test_tags_asks_for_manifests_and_configurations_and_for_no_layer(tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    tags = [f"LSP-1.{number}" for number in range(20)]
    with FakeRegistry() as fake:
        layer_blob = fake.put_blob("a/java", OCI_LAYER, b"layer")
        for tag in tags:
            config = json.dumps({"comment": tag, "rootfs": {"diff_ids": [layer_blob["digest"]]}}).encode()
            blob = fake.put_blob("a/java", OCI_CONFIG, config)
            document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": blob, "layers": [layer_blob]}
            fake.put_manifest("a/java", tag, json.dumps(document).encode())
        run = tool.run("tags", f"{fake.netloc}/a/java", "--from", "registry")
        asked = {seen.path for seen in fake.seen if seen.method == "GET"}
    assert run.status == 0, run.output
    assert [line.split("\t")[0] for line in run.stdout.splitlines()[1:]] == tags[::-1]
    assert {f"/v2/a/java/manifests/{tag}" for tag in tags} <= asked
    assert f"/v2/a/java/blobs/{layer_blob['digest']}" not in asked


def test_update_writes_nothing_that_is_half_done(filled: Registry, tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    tool.write("images.yml", f"- {filled.host}/{PYTHON}:LSP\n")
    (tmp_path / "images.yml").chmod(0o640)
    run = tool.run("update", f"{filled.host}/{PYTHON}", "--from", "registry")
    assert run.status == 0, run.output
    assert (tmp_path / "images.yml").stat().st_mode & 0o777 == 0o640
    tool.write("images.lock", "{}")
    again = tool.run("update", f"{filled.host}/{PYTHON}", "3.7.5-1", "--from", "registry")
    assert "images.lock: out of date; run 'lsp-assembler lock'\n" in again.stderr
    tool.write("images.yml", f"base: scratch\nimages: ['{filled.host}/{PYTHON}:LSP-3.7.5-1']\n")
    (tmp_path / "images.lock").unlink()
    assert tool.run("lock", "--from", "registry").status == 0
    away = tool.run("update", "python_unittest", "3.7.4-18", "--from", "registry")
    back = tool.run("update", "python_unittest", "3.7.5-1", "--from", "registry")
    assert "out of date" in away.stderr
    assert (back.status, back.stderr) == (0, "")


def test_of_many_updates_at_once_none_is_lost(tmp_path: Path) -> None:
    tool = Tool(tmp_path, NO_ENGINE)
    with FakeRegistry() as fake:
        names = [f"a/language-{number}" for number in range(8)]
        for name in names:
            for tag in ("LSP-1.0", "LSP-1.1"):
                fake.put_image(name, tag, b"layer")
        tool.write("images.yml", "".join(f"- {fake.netloc}/{name}:LSP-1.0\n" for name in names))
        running = [tool.start("update", f"{fake.netloc}/{name}", "--from", "registry") for name in names]
        assert [process.wait(60) for process in running] == [0] * len(names)
        for process in running:
            process.communicate()
        expected = "".join(f"- {fake.netloc}/{name}:LSP-1.1\n" for name in names)
    assert (tmp_path / "images.yml").read_text() == expected
    assert list(tmp_path.glob(".lsp-assembler.*")) == []


def test_migrates_the_whole_corpus_by_its_manifests(
    corpus: tuple[CorpusStartPoint, ...], tmp_path: Path
) -> None:
    """Once from DIR/NAME.json and once from checkouts; there is neither git nor a store."""
    tool = Tool(tmp_path, NO_ENGINE)
    for point in corpus:
        tool.write(f"flat/{point.name}.json", "").write_bytes(point.files["start_point/manifest.json"][0])
        tool.write(f"tree/{point.name}/start_point/manifest.json", "").write_bytes(
            point.files["start_point/manifest.json"][0]
        )
    tool.write("repos.txt", "".join(f"4edf92a@https://github.com/x/{point.name}\n" for point in corpus))
    flat, tree = (tool.run("migrate", "repos.txt", "--manifests", each) for each in ("flat", "tree"))
    assert (flat.status, flat.stderr) == (0, ""), flat.output
    assert tree.stdout == flat.stdout
    listed = load(str(tool.write("images.yml", flat.stdout))).images
    assert [source.text for source in listed] == [
        f"{point.image_name.rpartition(':')[0]}:LSP-4edf92a" for point in corpus
    ]
