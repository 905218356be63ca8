"""The whole story in one run: from a list of git repositories to an image, then one of them is released anew.

Nothing comes from outside: the repositories are the corpus's, or the examples where it is absent, and one
loopback registry holds all images. What each step fetched is read from that registry's log.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import ROOT
from tests.corpus import corpus_folder, load_corpus
from tests.integration.support import NO_ENGINE, Run, Tool
from tests.services import Registry

EXAMPLES = ROOT / "examples"
ORGANISATION = "https://github.com/cyber-dojo-start-points"
LOGGED = re.compile(r'http\.request\.method=(\w+) .*http\.request\.uri="?/v2/([^ "]+)/(manifests|blobs)/')
FIRST, LATER = "2026-11-01T00:00:00Z", "2026-11-21T03:34:00Z"


@dataclass(frozen=True)
class World:
    """Somebody's folder with all LTF repositories in `ltfs/`, and a registry.

    Args:
        base: the name of the base image.
    """

    tool: Tool
    registry: Registry
    base: str

    @property
    def ltfs(self) -> list[str]:
        return sorted(path.name for path in (self.tool.folder / "ltfs").iterdir())

    @property
    def final(self) -> str:
        """What the built image is called, but for its tag."""
        return f"{self.registry.host}/story/final"

    @property
    def lock(self) -> dict[str, str]:
        """The locked digest of every image, by name."""
        lock = json.loads((self.tool.folder / "images.lock").read_text("utf-8"))
        return {image["name"]: image["digest"] for image in lock["images"]}

    def commit(self, ltf: str, date: str) -> str:
        """Commit all that an LTF's folder holds; the revision."""
        folder = self.tool.folder / "ltfs" / ltf
        git(folder, date, "add", "--all")
        git(folder, date, "commit", "--quiet", "--message", "A change")
        return git(folder, date, "rev-parse", "HEAD")

    def run(self, *arguments: object, status: int = 0) -> Run:
        run = self.tool.run(*arguments)
        assert run.status == status, run.output
        return run

    def build(self, tag: str) -> str:
        """Build from the lock; the digest."""
        stores = ("--from", "registry", "--to", "registry", "--base", self.base)
        run = self.run("build", "--locked", *stores, "--tag", f"{self.final}:{tag}", "--format", "json")
        assert len(run.json["start_points"]) == len(self.ltfs)
        return str(run.json["image"]["digest"])

    def digest(self, image: str) -> str | None:
        """What the registry has under a name."""
        repository, _, tag = image.removeprefix(f"{self.registry.host}/").partition(":")
        return self.registry.digest(repository, tag)

    def log(self) -> list[tuple[str, str]]:
        """Method and repository of every request for a manifest or a blob so far."""
        return LOGGED.findall((self.registry.folder / "log").read_text("utf-8"))

    def fetched_since(self, before: Sequence[tuple[str, str]]) -> set[str]:
        """The LSP images of which anything was downloaded since then: not those that were only asked for."""
        since = self.log()[len(before) :]
        fetched = {f"{self.registry.host}/{found[1]}" for found in since if found[0] == "GET"}
        return fetched - {self.base.rpartition(":")[0], self.final}


@pytest.fixture
def world(tmp_path: Path, registry: Registry, registry_base: str) -> World:
    tool = Tool(tmp_path, NO_ENGINE, {"XDG_CACHE_HOME": str(tmp_path / "cache")})
    world = World(tool, registry, registry_base)
    write_ltfs(tmp_path / "ltfs", f"{registry.host}/story")
    for ltf in world.ltfs:
        folder = tmp_path / "ltfs" / ltf
        git(folder, FIRST, "init", "--quiet", "--initial-branch=main")
        git(folder, FIRST, "remote", "add", "origin", f"{ORGANISATION}/{ltf}.git")
        world.commit(ltf, FIRST)
    return world


def write_ltfs(folder: Path, prefix: str) -> None:
    """Write all LTF checkouts; each names its language image below the prefix, without a tag."""
    corpus = corpus_folder()
    for each in load_corpus(corpus) if corpus else ():
        each.write(folder / each.name)
        replace(folder / each.name, each.image_name, f"{prefix}/{each.repository}")
    if corpus is None:
        for example in (path.parent for path in EXAMPLES.glob("*/start_point")):
            shutil.copytree(example, folder / example.name)
            replace(folder / example.name, "cyberdojofoundation/", f"{prefix}/")
            replace(folder / example.name, ":3f9c1d2", "")


def replace(checkout: Path, old: str, new: str) -> None:
    """Replace a text wherever a checkout names its language image."""
    for path in (checkout / "start_point/manifest.json", checkout / "docker/image_name.json"):
        if path.is_file():
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def git(folder: Path, date: str, *arguments: str) -> str:
    """Run git as somebody, at a date; what it prints."""
    person = {"NAME": "Deep Thought", "EMAIL": "deep@thought.example", "DATE": date}
    environment = {
        f"GIT_{role}_{key}": text for role in ("AUTHOR", "COMMITTER") for key, text in person.items()
    }
    own = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, env={**own, **environment}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_whole_story(world: World) -> None:
    names = pack_all(world)
    images = migrate(world, names)
    lock = ("lock", "--from", "registry", "--base", world.base)
    outdated = ("outdated", "--from", "registry", "--base", world.base)

    world.run(*lock)
    assert list(world.lock) == images
    first_lock = (world.tool.folder / "images.lock").read_bytes()
    before = world.log()
    first = world.build("1")
    assert world.fetched_since(before) == set(), "lock has fetched all of them already"
    world.run(*outdated)

    ltf = world.ltfs[0]
    repository = names[ltf].rpartition(":")[0]
    released = release(world, ltf)
    assert f"moved\t{repository}:LSP\t" in world.run(*outdated, status=4).stdout

    update = world.run("update", repository, "--from", "registry")
    assert f"LSP -> {released.rpartition(':')[2]}" in update.stdout
    before = world.log()
    world.run(*lock)
    second = world.build("2")
    assert world.fetched_since(before) == {repository}, "all others are in the cache"
    assert [new for new, old in zip(world.lock, images, strict=True) if new != old] == [released]
    world.run(*outdated)

    assert world.digest(names[ltf]) == json.loads(first_lock)["images"][0]["digest"], "the old one is there"
    assert world.digest(f"{world.final}:1") == first != second == world.digest(f"{world.final}:2")
    listed = world.run("tags", repository, "--from", "registry", "--format", "json").json["tags"]
    tags = [name.rpartition(":")[2] for name in (released, names[ltf])]
    assert [each["tag"] for each in listed] == ["LSP", *tags], "the newest first"
    served = world.run("inspect", f"{world.final}:2", "--from", "registry").json
    named = {each["image_name"] for each in served.values()}
    assert len(served) == len(images)
    assert released.replace(":LSP-", ":") in named
    assert names[ltf].replace(":LSP-", ":") not in named


def pack_all(world: World) -> dict[str, str]:
    """Pack every LTF; the names that never move, by LTF."""
    run = world.run("pack", "--from-tree", "ltfs", "--to", "registry", "--format", "json")
    packed = {Path(each["directory"]).name: each for each in run.json["packed"]}
    assert sorted(packed) == world.ltfs
    for each in packed.values():
        assert [world.digest(name) for name in each["names"]] == [each["digest"]] * 2
        assert each["image_name"] == each["names"][0].replace(":LSP-", ":")
    return {ltf: each["names"][0] for ltf, each in packed.items()}


def migrate(world: World, names: dict[str, str]) -> list[str]:
    """Make images.yml of a list as it is today: of most repositories a commit, of the first its newest."""
    first, *others = world.ltfs
    commits = {ltf: names[ltf].rpartition(":LSP-")[2] for ltf in others}
    pinned = [f"{commits[ltf]}@{ORGANISATION}/{ltf}" for ltf in others]
    world.tool.write("git_repo_urls.tagged", "\n".join([f"{ORGANISATION}/{first}", *pinned]) + "\n")
    world.run("migrate", "git_repo_urls.tagged", "--manifests", "ltfs", "--output", "images.yml")
    return [f"{names[first].rpartition(':')[0]}:LSP", *(names[ltf] for ltf in others)]


def release(world: World, ltf: str) -> str:
    """Change an LTF, commit, and publish it; its new name that never moves."""
    script = world.tool.folder / "ltfs" / ltf / "start_point/cyber-dojo.sh"
    script.write_text(f"{script.read_text('utf-8')}# a change\n", "utf-8")
    pack = ("pack", f"ltfs/{ltf}", "--to", "registry", "--format", "json")
    world.run(*pack, status=5)  # no commit holds this yet
    revision = world.commit(ltf, LATER)
    run = world.run(*pack)
    (packed,) = run.json["packed"]
    assert packed["tag"] == revision[:7]
    assert packed["revision"] == revision
    return str(packed["names"][0])
