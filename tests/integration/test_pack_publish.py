"""`pack` to a real engine, a real registry and a layout: tags that never move, language images, killed runs.

A case is a folder of tests/cases/pack: expected.txt holds commands, each with all that the terminal shows.
After a wanted change: UPDATE_CASES=1 pytest tests/integration/test_pack_publish.py, then read the difference.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import pytest

from tests import ROOT
from tests.integration.support import Run, SlowLink, Tool, ended, git, id_of, manifest
from tests.services import DockerEngine, Image, Registry, layer

CASES = ROOT / "tests/cases" / "pack"
PAGE = ROOT / "docs/packing.md"
FIELDS = re.compile(r"^\| `([a-z_.\[\]]+)` \|", re.MULTILINE)
DIGEST = re.compile(r"sha256:[0-9a-f]{12}\b")


@pytest.fixture
def tool(engine: DockerEngine, tmp_path: Path) -> Tool:
    return Tool(tmp_path, engine.url, {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})


def write(tool: Tool, folder: str, name: str, **keys: Any) -> Path:
    """An LTF checkout without git, good unless `keys` say otherwise."""
    body = manifest(keys.pop("display_name", folder), **{"image_name": None, **keys})
    tool.write(f"{folder}/start_point/manifest.json", body.decode())
    tool.write(f"{folder}/start_point/cyber-dojo.sh", "echo 42\n").chmod(0o755)
    tool.write(f"{folder}/start_point/hiker.txt", "42\n")
    tool.write(f"{folder}/docker/image_name.json", json.dumps({"image_name": name}))
    return tool.folder / folder


def commit(folder: Path) -> str:
    """Make a folder a repository with everything committed; returns the tag of the commit."""
    if not (folder / ".git").exists():
        git(folder, "init")
        git(folder, "remote", "add", "origin", "https://github.com/ltf/packed.git")
    git(folder, "add", ".")
    git(folder, "commit", "--allow-empty", "-m", "A start point")
    return git(folder, "rev-parse", "HEAD")[:7]


def packed(run: Run) -> list[Any]:
    assert run.status == 0, run.output
    found: list[Any] = run.json["packed"]
    return found


def pack_to(tool: Tool, store: str, *arguments: object) -> Run:
    return tool.run("pack", "--to", store, "--format", "json", *arguments)


def put_language(registry: Registry, repository: str, tag: str, content: bytes = b"javac") -> str:
    return registry.put_image(repository, tag, Image((layer({"bin/javac": content}),)))


class TestOneDigest:
    def test_by_every_store(self, tool: Tool, registry: Registry, docker_client: docker.DockerClient) -> None:
        tag = commit(write(tool, "ltf", f"{registry.host}/digest/one"))
        stores = ("docker", "registry", "oci:layout", "oci-archive:lsp.tar")
        found = {store: packed(pack_to(tool, store, "ltf"))[0] for store in stores}
        assert len({each["digest"] for each in found.values()}) == 1
        assert found["registry"]["digest"] == registry.digest("digest/one", "LSP")
        assert found["registry"]["digest"] == registry.digest("digest/one", f"LSP-{tag}")
        engine_id = id_of(docker_client, f"{registry.host}/digest/one:LSP")
        assert [each["store_id"] for each in found.values()] == [engine_id, None, None, None]

    def test_from_machines_that_differ_in_all_that_must_not_count(self, tool: Tool) -> None:
        origin = write(tool, "Ünder weg/java straße", "digest/two", display_name="Jävä")
        tool.write("Ünder weg/java straße/start_point/ärger.txt", "ü\n")
        tool.write("Ünder weg/java straße/start_point/a/b/c.txt", "c\n")
        tag = commit(origin)
        digests = set()
        clones = ((), ("--depth=1",), ("--branch=main", "--no-tags"))
        for number, (options, umask) in enumerate(zip(clones, (0o022, 0o077, 0o002), strict=True)):
            place = tool.folder / f"clone {number} é"
            url = f"file://{origin}"
            subprocess.run(["git", "clone", "-q", *options, url, place], check=True, umask=umask)
            git(place, "remote", "set-url", "origin", "git@github.com:ltf/packed.git")
            git(place, "checkout", "--detach", "HEAD")
            for path in place.glob("start_point/**/*"):
                os.utime(path, (number, number))
            variables = {
                "LANG": ("C.UTF-8", "C", "POSIX")[number],
                "TZ": f"X{number}",
                "PYTHONHASHSEED": str(number),
            }
            run = tool.run("pack", "--to", f"oci:out{number}", "--format", "json", place, **variables)
            (found,) = packed(run)
            assert (found["tag"], found["provisional"]) == (tag, False)
            digests.add(found["digest"])
        assert len(digests) == 1


class TestTagThatNeverMoves:
    @pytest.mark.parametrize("store", ["docker", "registry", "oci:layout"])
    def test_other_content_is_refused_with_both_digests(
        self, tool: Tool, registry: Registry, docker_client: docker.DockerClient, store: str
    ) -> None:
        name = f"{registry.host}/never/{store.partition(':')[0]}"
        folder = write(tool, "ltf", name)
        commit(folder)
        first = packed(pack_to(tool, store, "--version", "1.0", "ltf"))[0]
        assert packed(pack_to(tool, store, "--version", "1.0", "ltf"))[0] == first
        tool.write("ltf/start_point/hiker.txt", "43\n")
        commit(folder)
        run = pack_to(tool, store, "--version", "1.0", "ltf")
        assert run.status == run.json["exit_status"] == 5
        assert run.json["packed"] == []
        (failure,) = run.json["failures"]
        assert (failure["directory"], failure["kind"]) == ("ltf", "refused")
        assert len(set(DIGEST.findall(failure["message"]))) == 2
        assert (first["store_id"] or first["digest"])[:19] in failure["message"]
        assert pack_to(tool, store, "--version", "1.1", "ltf").status == 0
        forced = packed(pack_to(tool, store, "--version", "1.0", "--force", "ltf"))[0]
        assert forced["digest"] != first["digest"]
        if store == "docker":
            assert forced["store_id"] == id_of(docker_client, f"{name}:LSP-1.0")

    def test_the_moving_tag_stays_where_it_was_when_the_other_is_refused(
        self, tool: Tool, registry: Registry
    ) -> None:
        folder = write(tool, "ltf", f"{registry.host}/never/moving")
        commit(folder)
        before = packed(pack_to(tool, "registry", "--version", "1", "ltf"))[0]["digest"]
        tool.write("ltf/start_point/hiker.txt", "43\n")
        commit(folder)
        assert pack_to(tool, "registry", "--version", "1", "ltf").status == 5
        assert registry.digest("never/moving", "LSP") == before


class TestWorkInProgress:
    @pytest.mark.parametrize("has_git", [True, False])
    def test_goes_to_a_registry_only_if_allowed(
        self, tool: Tool, registry: Registry, *, has_git: bool
    ) -> None:
        repository = f"dirty/git-{has_git}".lower()
        folder = write(tool, "ltf", f"{registry.host}/{repository}")
        if has_git:
            commit(folder)
            tool.write("ltf/start_point/hiker.txt", "43\n")
        run = pack_to(tool, "registry", "ltf")
        assert run.status == 5
        assert "--allow-dirty" in run.json["failures"][0]["message"]
        assert registry.digest(repository, "LSP") is None
        assert packed(pack_to(tool, "oci:layout", "ltf"))[0]["provisional"]
        (found,) = packed(pack_to(tool, "registry", "--allow-dirty", "ltf"))
        assert found["provisional"]
        assert found["revision"] is None
        assert registry.digest(repository, f"LSP-{found['tag']}") == found["digest"]


class TestLanguageImage:
    def test_in_a_registry_is_tagged_by_its_manifest_alone(self, tool: Tool, registry: Registry) -> None:
        name = f"{registry.host}/language/java"
        tag = commit(write(tool, "ltf", name))
        run = pack_to(tool, "registry", "--tag-language-image", "ltf")
        assert "has no such image" in run.json["failures"][0]["message"]
        image = Image((layer({"bin/javac": b"javac"}),))
        digest = registry.put_images("language/java", "latest", (image,))
        blob = registry.folder / "data/docker/registry/v2/blobs/sha256"
        before = {path: path.stat().st_mtime_ns for path in blob.rglob("data")}
        for _ in range(2):
            (found,) = packed(pack_to(tool, "registry", "--tag-language-image", "ltf"))
            assert found["language_image"] == found["image_name"] == f"{name}:{tag}"
            assert registry.digest("language/java", tag) == digest
        after = {path: path.stat().st_mtime_ns for path in blob.rglob("data")}
        assert before.items() <= after.items()
        assert len(after) == len(before) + 3  # the LSP image: its layer, configuration and manifest

    def test_in_a_registry_never_moves(self, tool: Tool, registry: Registry) -> None:
        name = f"{registry.host}/language/moved"
        tag = commit(write(tool, "ltf", name))
        old = put_language(registry, "language/moved", tag, b"old")
        new = put_language(registry, "language/moved", "candidate", b"new")
        arguments = ("--tag-language-image", "--language-image", f"{name}:candidate", "ltf")
        run = pack_to(tool, "registry", *arguments)
        assert run.status == 5
        assert old[:19] in run.json["failures"][0]["message"]
        assert new[:19] in run.json["failures"][0]["message"]
        assert registry.digest("language/moved", tag) == old
        assert registry.digest("language/moved", "LSP") is None
        packed(pack_to(tool, "registry", "--force", *arguments))
        assert registry.digest("language/moved", tag) == new

    def test_in_an_engine(self, tool: Tool, docker_client: docker.DockerClient) -> None:
        tag = commit(write(tool, "ltf", "language/local"))
        built = Image((layer({"bin/javac": b"javac"}),))
        docker_client.images.load(built.archive("language/build:1"))
        arguments = ("--tag-language-image", "--language-image", "language/build:1", "ltf")
        for _ in range(2):
            packed(pack_to(tool, "docker", *arguments, "--verify-images"))
            assert id_of(docker_client, f"language/local:{tag}") == id_of(docker_client, "language/build:1")
        docker_client.images.load(Image((layer({"bin/javac": b"other"}),)).archive("language/build:1"))
        run = pack_to(tool, "docker", *arguments)
        assert run.status == 5
        assert len(set(DIGEST.findall(run.json["failures"][0]["message"]))) == 2

    def test_in_a_layout(self, tool: Tool) -> None:
        tag = commit(write(tool, "ltf", "language/layout"))
        write(tool, "other", "language/layout")
        pack_to(tool, "oci:layout", "--version", "1", "other")  # any image will do for one of a language
        arguments = ("--tag-language-image", "--language-image", "language/layout:LSP-1", "ltf")
        packed(pack_to(tool, "oci:layout", *arguments))
        index = json.loads((tool.folder / "layout/index.json").read_text())
        names = {
            each["annotations"]["org.opencontainers.image.ref.name"]: each["digest"]
            for each in index["manifests"]
        }
        assert (
            names[f"language/layout:{tag}"] == names["language/layout:LSP-1"] != names["language/layout:LSP"]
        )

    def test_of_another_repository_of_a_registry(self, tool: Tool, registry: Registry) -> None:
        commit(write(tool, "ltf", f"{registry.host}/language/mine"))
        put_language(registry, "language/yours", "1")
        other = f"{registry.host}/language/yours:1"
        run = pack_to(tool, "registry", "--tag-language-image", "--language-image", other, "ltf")
        assert run.status == 5
        assert "another repository" in run.json["failures"][0]["message"]

    def test_is_verified(self, tool: Tool, registry: Registry, docker_client: docker.DockerClient) -> None:
        name = f"{registry.host}/language/verified"
        tag = commit(write(tool, "ltf", name))
        stores = ("docker", "registry", "oci:layout")
        for store in stores:
            run = pack_to(tool, store, "--verify-images", "ltf")
            assert run.status == 1
            assert [finding["rule"] for finding in run.json["findings"]] == ["image-exists"]
            assert registry.digest("language/verified", "LSP") is None
        docker_client.images.load(Image((layer({"a": b""}),)).archive(f"{name}:{tag}"))
        assert [pack_to(tool, store, "--verify-images", "ltf").status for store in stores] == [0, 1, 1]
        put_language(registry, "language/verified", "latest")
        arguments = ("--verify-images", "--tag-language-image", "ltf")
        assert pack_to(tool, "registry", *arguments).status == 0
        assert pack_to(tool, "oci:layout", "--verify-images", "ltf").status == 0


class TestSeveral:
    def test_of_a_tree(self, tool: Tool) -> None:
        for name in ("b", "a", "ç d"):
            write(tool, f"tree/{name}", f"tree/{name[0].replace('ç', 'c')}", display_name=name)
        tool.write("tree/notes/README", "")
        tool.write("tree/file", "")
        tool.write("tree/.hidden/config", "")
        run = pack_to(tool, "oci:layout", "--from-tree", "tree")
        assert [each["directory"] for each in packed(run)] == ["tree/a", "tree/b", "tree/ç d"]
        assert run.json["passed_over"] == ["tree/notes"]
        assert "tree/notes: passed over" in run.stderr

    def test_one_bad_one_keeps_no_report_back_and_every_image(self, tool: Tool, registry: Registry) -> None:
        kinds: Mapping[str, dict[str, Any]]
        kinds = {"a": {}, "b": {"tab_size": 9}, "c": {"image_name": "x/y:LSP"}, "d": {}}
        for name, keys in kinds.items():
            write(tool, f"tree/{name}", f"{registry.host}/several/{name}", display_name=name, **keys)
        tool.write("tree/d/docker/image_name.json", "{")
        run = pack_to(tool, "registry", "--from-tree", "tree")
        assert run.status == run.json["exit_status"] == 3
        found = {
            (each["directory"], each["rule"]) for each in run.json["findings"] if each["severity"] == "error"
        }
        assert found == {("tree/b", "tab-size"), ("tree/c", "image-name-not-lsp")}
        assert [(each["directory"], each["kind"]) for each in run.json["failures"]] == [
            ("tree/d", "unreadable")
        ]
        assert [registry.digest(f"several/{name}", "LSP") for name in "abcd"] == [None] * 4

    def test_no_moving_tag_moves_unless_every_image_is_there(self, tool: Tool, registry: Registry) -> None:
        write(tool, "good", f"{registry.host}/several/good")
        write(tool, "lost", "127.0.0.1:1/several/lost")
        run = pack_to(tool, "registry", "--allow-dirty", "--force", "good", "lost")
        assert run.status == 5
        assert [(each["directory"], each["kind"]) for each in run.json["failures"]] == [
            ("lost", "not-published")
        ]
        assert registry.digest("several/good", "LSP") is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("store", ["registry", "oci"])
def test_a_run_that_is_ended_leaves_no_half_tag(
    tool: Tool, registry: Registry, number: signal.Signals, store: str
) -> None:
    repositories = [f"ended/{store}-{number.name.lower()}-{index}" for index in range(6)]
    with SlowLink(registry.host, 0.1) as host:
        for index, repository in enumerate(repositories):
            write(tool, f"tree/{index}", f"{host}/{repository}", display_name=str(index))
        to = "registry" if store == "registry" else f"oci:{tool.folder}/out"
        arguments = ("pack", "--from-tree", "tree", "--allow-dirty", "--to", to)
        for wait in (0.4, 0.7, 1.0) if store == "registry" else (0.1, 0.15, 0.2, 0.25):
            process = tool.start(*arguments)
            time.sleep(wait)
            run, _ = ended(process, number)
            if store == "registry":
                assert run.status != 0, "it was too fast to be ended"
                for repository in repositories:
                    whole(registry, repository)
            elif (tool.folder / "out/index.json").exists():
                check_layout(tool.folder / "out")
        run = tool.run(*arguments)
        assert run.status == 0, run.output
    if store == "registry":
        assert all(whole(registry, repository) for repository in repositories)
    else:
        assert check_layout(tool.folder / "out") == 2 * len(repositories)


def whole(registry: Registry, repository: str) -> bool:
    """Whether the moving tag is there; what it names is whole, and has its other name, too."""
    digest = registry.digest(repository, "LSP")
    if digest is None:
        return False
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    document = json.loads(registry.request("GET", f"/v2/{repository}/manifests/LSP", headers=accept).data)
    for blob in (document["config"], *document["layers"]):
        registry.request("HEAD", f"/v2/{repository}/blobs/{blob['digest']}")
    tags = json.loads(registry.request("GET", f"/v2/{repository}/tags/list").data)["tags"]
    assert [registry.digest(repository, tag) for tag in tags] == [digest, digest]
    return True


def check_layout(folder: Path) -> int:
    """The number of names in a layout, all of which lead to what is there."""
    manifests = json.loads((folder / "index.json").read_text())["manifests"]
    for entry in manifests:
        document = json.loads((folder / "blobs" / entry["digest"].replace(":", "/")).read_text())
        for blob in (document["config"], *document["layers"]):
            assert (folder / "blobs" / blob["digest"].replace(":", "/")).stat().st_size == blob["size"]
    return len(manifests)


def fields(value: object, place: str = "") -> set[str]:
    """Every field of a report, as docs/packing.md spells them, e.g. "packed[].digest"."""
    if isinstance(value, Mapping):
        own = {f"{place}.{key}".removeprefix(".") for key in value}
        return own.union(*(fields(each, f"{place}.{key}".removeprefix(".")) for key, each in value.items()))
    if isinstance(value, list):
        return set().union(*(fields(each, f"{place}[]") for each in value))
    return set()


def test_every_field_of_the_json_is_documented(tool: Tool) -> None:
    write(tool, "good", "json/good")
    write(tool, "bad", "json/bad", tab_size=9)
    reports = [
        pack_to(tool, "oci:layout", *names).json for names in (("good",), ("bad", "absent"), ("--force",))
    ]
    documented = FIELDS.findall(PAGE.read_text("utf-8").partition("\n## JSON\n")[2])
    assert set().union(*map(fields, reports)) == set(documented)
    assert [report["ok"] for report in reports] == [True, False, False]
    assert reports[2]["error"].startswith("pack: nothing to pack")


def test_durations_are_in_the_label(tool: Tool, docker_client: docker.DockerClient) -> None:
    write(tool, "ltf", "durations/java")
    tool.write("durations.json", '{"green": 1.50, "red": 2, "amber": 0.25}')
    assert pack_to(tool, "docker", "--durations", "durations.json", "ltf").status == 0
    labels = docker_client.images.get("durations/java:LSP").labels
    assert labels["org.cyber-dojo.lsp.durations"] == '{"red":2,"amber":0.25,"green":1.5}'


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_says_exactly(name: str, tool: Tool, registry: Registry) -> None:
    put_language(registry, "cases/java", "latest")
    put_language(registry, "cases/java", "7.0", b"another")
    write(tool, "java", f"{registry.host}/cases/java", display_name="Java")
    write(tool, "tree/ruby", "org/ruby", display_name="Ruby")
    write(tool, "tree/c", "org/c", display_name="C")
    tool.write("tree/notes/README", "")
    tool.write("empty/README", "")
    tool.write("durations.json", '{"red": "1", "amber": 2, "grey": 3}')
    shutil.copytree(tool.folder / "java", tool.folder / "wip")
    write(tool, "bad", "org/bad", display_name="Bad", image_name="org/worse:LSP", tab_size=0)
    write(tool, "exercises", "org/exercises")
    (tool.folder / "exercises/docker/image_name.json").unlink()
    (tool.folder / "exercises/start_point/cyber-dojo.sh").unlink()
    tool.write(
        "exercises/start_point/manifest.json",
        '{"display_name": "Tennis", "visible_filenames": ["hiker.txt"]}',
    )
    commit(tool.folder / "java")
    commit(tool.folder / "tree/ruby")
    commit(tool.folder / "tree/c")
    _spoil_checkouts(tool)
    expected = (CASES / name / "expected.txt").read_text("utf-8")
    commands = re.findall(r"^\$ lsp-assembler (.*)$", expected, re.MULTILINE)
    shown = "".join(_shown(command, tool, registry) for command in commands)
    if os.environ.get("UPDATE_CASES"):
        (CASES / name / "expected.txt").write_text(shown, "utf-8")
        pytest.fail(f"{name} is written; read it, and run again without UPDATE_CASES")
    assert shown == expected


def _spoil_checkouts(tool: Tool) -> None:
    """Checkouts that git, or a reader of files, must refuse, each in a way of its own."""
    for name in ("bad-index", "bad-head", "linked", "submodule", "scripts"):
        write(tool, name, f"org/{name}", display_name=name)
    start_point = tool.folder / "linked/start_point"
    for link, target in (("bin", "/bin"), ("folder", "../docker"), ("nothing", "absent")):
        (start_point / link).symlink_to(target)
    commit(write(tool, "library", "org/library"))
    git(tool.folder / "submodule", "init")
    file = ("-c", "protocol.file.allow=always")
    git(tool.folder / "submodule", *file, "submodule", "add", "../library", "start_point/library")
    tool.write("scripts/start_point/cyber-dojo.sh", "set -e\r\n")
    for name in ("bad-index", "bad-head", "linked", "submodule", "scripts"):
        commit(tool.folder / name)
    tool.write("bad-index/.git/index", "no index")
    tool.write("bad-head/.git/HEAD", "no head")
    tool.write("ignored/.gitignore", "*\n")
    git(tool.folder / "ignored", "init")
    write(tool, "ignored/java", "org/ignored")


def _shown(command: str, tool: Tool, registry: Registry) -> str:
    """What the terminal shows: the command, stderr, stdout, the exit status."""
    run = tool.run(*shlex.split(command.replace("{registry}", registry.host)))
    progress = re.compile(r"^\[\d+/\d+\] .*\n", re.MULTILINE)
    text = f"{progress.sub('', run.stderr)}--- stdout\n{run.stdout}--- exit status {run.status}\n"
    text = re.sub(r" +\d+\.\d\d s$", " {time}", text, flags=re.MULTILINE).replace(registry.host, "{registry}")
    text = re.sub(r" +time$", " time", re.sub(r"─{2,}", "──", text), flags=re.MULTILINE)
    return f"$ lsp-assembler {command}\n{_steady(text)}"


def _steady(text: str) -> str:
    """A text without what the registry's port gets into: digests are numbered, tags of commits left out."""
    for number, short in enumerate(dict.fromkeys(re.findall(r"sha256:[0-9a-f]{12}", text)), 1):
        text = re.sub(f"{short}[0-9a-f]*", f"{{digest {number}}}", text)
    return re.sub(r":(LSP-)?[0-9a-f]{7}\b", r":\1{tag}", text)
