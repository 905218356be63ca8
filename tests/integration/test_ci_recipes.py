"""The recipes of docs/ci, step by step as GitHub and CircleCI run them, against a real registry."""

import html
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests import PACKAGE_PATH, ROOT
from tests.integration.support import SCRIPT, git, images_yml, manifest, publish, start_point
from tests.integration.workflows import Job, Runner
from tests.services import Image, Registry, layer

RECIPES = ROOT / "docs/ci"
MANIFEST = "start_point/manifest.json"
THEIR_SCRIPT = '#!/bin/sh\necho "built and pushed $1"\n'
Files = Mapping[str, bytes | str | tuple[bytes, int]]


class Repository:
    """A repository on disk: its owner commits, and CI clones."""

    def __init__(self, folder: Path) -> None:
        self.origin = folder / "origin.git"
        self._folder = folder
        self._author = folder / "author"
        git(folder, "init", "--quiet", "--bare", "origin.git")
        git(folder, "clone", "--quiet", "origin.git", "author")

    def commit(self, files: Files) -> str:
        """Commit files on top of what is there; the revision."""
        if self.commits:
            git(self._author, "pull", "--quiet", "origin", "main")
        for path, found in files.items():
            content, mode = found if isinstance(found, tuple) else (found, 0o644)
            target = self._author / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
            target.chmod(mode)
        git(self._author, "add", "--all")
        git(self._author, "commit", "--quiet", "--message", "A change")
        git(self._author, "push", "--quiet", "origin", "HEAD:main")
        return self.commits[0]

    def read(self, path: str) -> str:
        """A file of main."""
        return git(self.origin, "show", f"main:{path}")

    @property
    def commits(self) -> list[str]:
        """The revisions of main, newest first."""
        return git(self.origin, "log", "--format=%H", "--branches").split()

    def run(self, recipe: str, event: str, image: str) -> dict[str, Job]:
        """The jobs that an event starts."""
        return Runner(self.origin, self._folder / "runner", {"IMAGE": image}).run(RECIPES / recipe, event)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def name(registry: Registry, tmp_path: Path) -> str:
    """A name in the registry that no other test uses, e.g. "127.0.0.1:41234/ci/test-one0"."""
    return f"{registry.host}/ci/{tmp_path.name.lower().replace('_', '-')}"


def ltf(name: str, display_name: str = "Java 21, JUnit 5") -> Files:
    """The files of an LTF's repository."""
    return {
        **start_point(display_name, image_name=None),
        "docker/image_name.json": json.dumps({"image_name": name}),
        "build_test_push.sh": (THEIR_SCRIPT.encode(), 0o755),
    }


def put_language_image(registry: Registry, name: str, revision: str) -> str:
    """What the script of an LTF does that is not ours; the digest."""
    return registry.put_image(
        name.partition("/")[2], revision[:7], Image((layer({"usr/bin/java": b"java"}),))
    )


def tags(registry: Registry, name: str) -> list[str]:
    """The tags of a repository; [] if there is no such repository."""
    _, _, repository = name.partition("/")
    catalog = registry.request("GET", "/v2/_catalog?n=1000").json()["repositories"]
    if repository not in catalog:
        return []
    return sorted(registry.request("GET", f"/v2/{repository}/tags/list").json()["tags"])


def logs(jobs: Mapping[str, Job]) -> str:
    return "".join(job.log for job in jobs.values())


def test_push_to_an_ltf_publishes_its_start_point(
    repository: Repository, registry: Registry, name: str
) -> None:
    revision = repository.commit(ltf(name))
    put_language_image(registry, name, revision)
    jobs = repository.run("ltf.yml", "push", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", True), ("publish", True)], logs(
        jobs
    )
    assert f"built and pushed {name}:{revision[:7]}\n" in jobs["publish"].log
    assert tags(registry, name) == sorted([revision[:7], "LSP", f"LSP-{revision[:7]}"])
    assert f": packed {name}:LSP-{revision[:7]} and {name}:LSP sha256:" in jobs["publish"].log
    assert "### ✅ lsp-assembler check" in jobs["check"].summary


def test_no_start_point_is_published_without_its_language_image(
    repository: Repository, registry: Registry, name: str
) -> None:
    revision = repository.commit(ltf(name))
    jobs = repository.run("ltf.yml", "push", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", True), ("publish", False)]
    assert f"{name}:{revision[:7]}" in jobs["publish"].log.partition("::error ")[2]
    assert tags(registry, name) == []


def test_pull_request_to_an_ltf_says_at_which_line_it_is_wrong(
    repository: Repository, registry: Registry, name: str
) -> None:
    repository.commit({**ltf(name), MANIFEST: manifest("Java", name, tab_size=0)})
    jobs = repository.run("ltf.yml", "pull_request", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", False)]
    assert f"::error file={MANIFEST},line=11,title=tab-size" in jobs["check"].log
    assert tags(registry, name) == []


def test_bad_start_point_is_not_published_by_a_push(
    repository: Repository, registry: Registry, name: str
) -> None:
    repository.commit({**ltf(name), MANIFEST: "{}"})
    jobs = repository.run("ltf.yml", "push", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", False)]
    assert tags(registry, name) == []


def test_weekly_run_publishes_nothing_and_sees_what_is_gone(
    repository: Repository, registry: Registry, name: str
) -> None:
    revision = repository.commit(ltf(name))
    digest = put_language_image(registry, name, revision)
    assert all(job.ok for job in repository.run("ltf.yml", "push", name).values())
    before = tags(registry, name)
    jobs = repository.run("ltf.yml", "schedule", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", True), ("weekly", True)], logs(jobs)
    assert tags(registry, name) == before

    path = name.partition("/")[2]
    registry.request("DELETE", f"/v2/{path}/manifests/{digest}", expected=202)
    jobs = repository.run("ltf.yml", "schedule", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", True), ("weekly", False)]
    assert f"{name}:{revision[:7]}" in jobs["weekly"].log.partition("::error ")[2]


def test_weekly_run_fails_when_a_rule_is_broken(repository: Repository, name: str) -> None:
    repository.commit({**ltf(name), "start_point/hiker.txt": b"\xff"})
    jobs = repository.run("ltf.yml", "schedule", name)
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", False)]


def test_pull_request_to_the_languages_is_checked_and_told_what_is_new(
    repository: Repository, registry: Registry, name: str, registry_base: str
) -> None:
    path = name.partition("/")[2]
    good = publish(registry, f"{path}/good", "Good")
    repository.commit({"images.yml": images_yml(good, name=f"{name}/final", base=registry_base)})
    assert repository.run("languages.yml", "push", f"{name}/final")["build"].ok

    publish(registry, f"{path}/good", "Better")
    bad = publish(registry, f"{path}/bad", "Bad", tab_size=9)
    repository.commit({"images.yml": images_yml(good, bad, name=f"{name}/final", base=registry_base)})
    jobs = repository.run("languages.yml", "pull_request", f"{name}/final")
    assert [(job, found.ok) for job, found in jobs.items()] == [("check", False)]
    assert f"::error file=images.yml,line=5,title=tab-size (41)::{bad}" in jobs["check"].log
    assert "### ❌ lsp-assembler check" in jobs["check"].summary

    repository.commit({"images.yml": images_yml(good, name=f"{name}/final", base=registry_base)})
    job = repository.run("languages.yml", "pull_request", f"{name}/final")["check"]
    assert job.ok, job.log
    assert f"::notice title=moved::{good}%0Asha256:" in job.log


def test_push_to_the_languages_publishes_and_commits_the_lock_once(
    repository: Repository, registry: Registry, name: str, registry_base: str
) -> None:
    path, final = name.partition("/")[2], f"{name}/final"
    images = [publish(registry, f"{path}/{each}", each) for each in ("java", "python")]
    revision = repository.commit({"images.yml": images_yml(*images, name=final, base=registry_base)})
    job = repository.run("languages.yml", "push", final)["build"]
    assert job.ok, job.log
    locking, locked = repository.commits
    assert locked == revision
    assert [image["name"] for image in json.loads(repository.read("images.lock"))["images"]] == images
    digest = registry.digest(f"{path}/final", "latest")
    assert tags(registry, final) == sorted(["latest", locking[:7]])
    assert job.outputs["build"] == {"image": f"{final}:{locking[:7]}", "digest": digest}
    assert job.summary.startswith("### ✅ lsp-assembler build\n")
    assert job.summary.endswith(f"Published `{final}:{locking[:7]}@{digest}`\n")

    assert repository.run("languages.yml", "push", final)["build"].ok
    assert repository.commits == [locking, revision], "nothing is new, so there is nothing to commit"
    assert registry.digest(f"{path}/final", "latest") == digest


def test_failing_build_publishes_nothing_and_commits_no_lock(
    repository: Repository, registry: Registry, name: str, registry_base: str
) -> None:
    absent = f"{name}/absent:LSP"
    revision = repository.commit({"images.yml": images_yml(absent, name=name, base=registry_base)})
    job = repository.run("languages.yml", "push", name)["build"]
    assert not job.ok
    assert absent in job.log
    assert repository.commits == [revision]
    assert tags(registry, name) == []


def test_audit_fails_for_what_the_policy_denies(
    repository: Repository, registry: Registry, name: str
) -> None:
    listed = publish_version(registry, name, "4edf92a0" * 5, "Java 21, JUnit 5", "LSP")
    policy = "policy:\n  deny: risks.yml\n  require_tag: deny\n"
    repository.commit({"images.yml": images_yml(listed) + policy, "risks.yml": "[]\n"})
    job = repository.run("audit.yml", "schedule", name)["audit"]
    assert job.ok, job.log
    assert "### ✅ lsp-assembler audit" in job.summary
    risk = f"- {{image: '{name}:4edf92a', reason: CVE-2026-1234}}\n"
    repository.commit({"risks.yml": risk})
    job = repository.run("audit.yml", "schedule", name)["audit"]
    assert not job.ok
    assert "::error file=images.yml,line=3,title=image-denied::" in job.log
    assert f"| ❌ | `{name}:4edf92a` |" in job.summary


GH = """#!/usr/bin/env python3
import pathlib, sys
folder = pathlib.Path(__file__).parent
if sys.argv[2] == "list":
    print((folder / "open").read_text())
else:
    words = sys.argv[1:]
    (folder / "open").write_text("1")
    (folder / "body").write_text(pathlib.Path(words[words.index("--body-file") + 1]).read_text())
    with (folder / "asked").open("a") as asked:
        print(*words[:-2], file=asked)
"""
"""In place of GitHub's own program, which needs GitHub: it keeps what it is asked for."""


@dataclass(frozen=True)
class GitHub:
    """A repository with images.yml whose refresh asks a program in place of GitHub.

    Args:
        folder: of that program, and what it keeps.
    """

    repository: Repository
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "open").write_text("0")
        (self.folder / "gh").write_text(GH)
        (self.folder / "gh").chmod(0o755)

    def refresh(self) -> Job:
        env = {
            "BRANCH": "refresh-start-points",
            "PATH": f"{self.folder}:{os.environ.get('PATH', os.defpath)}",
        }
        runner = Runner(self.repository.origin, self.folder / "runner", env)
        return runner.run(RECIPES / "refresh.yml", "schedule")["refresh"]

    def read(self, path: str) -> str:
        """A file of the proposed branch."""
        return git(self.repository.origin, "show", f"refresh-start-points:{path}")

    @property
    def asked(self) -> list[str]:
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []


def publish_version(registry: Registry, name: str, revision: str, title: str, *tags: str) -> str:
    """Publish an LSP image of a commit and the language image that it names; the name of the first tag."""
    language = f"{name}:{revision[:7]}"
    put_language_image(registry, name, revision)
    labels = {
        "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": f"https://github.com/acme/{name.rpartition('/')[2]}",
        "org.opencontainers.image.title": title,
    }
    for tag in tags:
        image = Image((layer(start_point(title, image_name=language)),), labels)
        registry.put_image(name.partition("/")[2], tag, image)
    return f"{name}:{tags[0]}"


def test_refresh_proposes_what_is_new_and_says_what_it_is(
    repository: Repository, registry: Registry, name: str, registry_base: str, tmp_path: Path
) -> None:
    github = GitHub(repository, tmp_path / "github")
    old, new = "896f72a0" * 5, "f148b7f0" * 5
    elm, java = f"{name}/elm", f"{name}/java"
    moving = publish_version(registry, elm, old, "Elm 0.19, elm-test", "LSP")
    pinned = publish_version(registry, java, old, "Java 21, JUnit", f"LSP-{old[:7]}", "LSP")
    listed = images_yml(moving, f"{pinned}  # for the course", name=f"{name}/final", base=registry_base)
    repository.commit({"images.yml": listed})
    first = github.refresh()
    assert first.ok, first.log
    assert github.asked == [
        "pr create --head refresh-start-points --base main --title Refresh the start points"
    ]
    repository.commit({"images.lock": github.read("images.lock") + "\n"})
    assert github.refresh().summary.endswith("Nothing is new.\n")
    assert len(github.asked) == 1

    publish_version(registry, elm, new, "Elm 0.19, elm-test", "LSP")
    publish_version(registry, java, new, "Java 25, JUnit", f"LSP-{new[:7]}", "LSP")
    job = github.refresh()
    assert job.ok, job.log
    assert github.read("images.yml") == listed.replace(old[:7], new[:7]).rstrip("\n")
    body = (github.folder / "body").read_text()
    assert body.startswith("### 2 changed, 0 the same\n")
    for said in (
        "Elm 0.19, elm-test",
        "commit: 896f72a -> f148b7f",
        "version: LSP-896f72a -> LSP-f148b7f",
        f"[compare the commits](https://github.com/acme/java/compare/{old}...{new})",
    ):
        assert said in html.unescape(body).replace("\u200b", ""), body
    assert body in job.summary
    assert github.asked[1:] == ["pr edit refresh-start-points"]
    assert repository.read("images.yml") == listed.rstrip("\n"), "nothing is on main until somebody agrees"


def test_refresh_proposes_nothing_whose_language_image_is_not_there(
    repository: Repository, registry: Registry, name: str, registry_base: str, tmp_path: Path
) -> None:
    github = GitHub(repository, tmp_path / "github")
    path = name.partition("/")[2]
    publish(registry, f"{path}/java", "Java", image_name=f"{name}:absent")
    repository.commit({"images.yml": images_yml(f"{name}/java:LSP", base=registry_base)})
    job = github.refresh()
    assert not job.ok
    assert f"{name}:absent" in job.log
    assert (github.asked, git(repository.origin, "branch", "--format=%(refname:short)")) == ([], "main")


def test_what_an_input_holds_is_never_run(repository: Repository, name: str, tmp_path: Path) -> None:
    """IMAGE stands for anything that others may write into an input, such as the name of a branch."""
    repository.commit(ltf(name))
    trap = tmp_path / "sprung"
    for hostile in (
        f"$(touch {trap})`touch {trap}`",
        f"x\ntouch {trap}\n#'; touch {trap}; \"; touch {trap}; ",
    ):
        jobs = repository.run("ltf.yml", "schedule", hostile)
        assert not jobs["weekly"].ok
    assert not trap.exists()


def test_circleci_does_the_same(
    repository: Repository, registry: Registry, name: str, tmp_path: Path
) -> None:
    revision = repository.commit(ltf(name))
    put_language_image(registry, name, revision)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository.origin}", "checkout")
    environment = {"IMAGE": name, "CIRCLE_SHA1": revision}
    log = "".join(circleci(script, tmp_path, environment) for script in circleci_scripts())
    assert f"built and pushed {name}:{revision[:7]}\n" in log
    assert tags(registry, name) == sorted([revision[:7], "LSP", f"LSP-{revision[:7]}"])


def circleci_scripts() -> list[str]:
    """Its steps, but for those that need a network: what they install and log in to is here."""
    steps = yaml.safe_load((RECIPES / "circleci.yml").read_text("utf-8"))["jobs"]["language"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    return [run["command"] for run in runs if run["name"] not in ("Install lsp-assembler", "Log in")]


def circleci(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a step as CircleCI does; what it prints."""
    path = f"{SCRIPT.parent}:{os.environ.get('PATH', os.defpath)}"
    own = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "CI": "true", "CIRCLECI": "true"}
    own |= PACKAGE_PATH
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder / "checkout",
        env={**own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
