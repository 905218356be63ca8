"""Each tutorial does what it shows: its commands run one after the other, in one shell, in a clone."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import PACKAGE_PATH, ROOT
from tests.checkouts import commit
from tests.integration.support import SCRIPT, free_port
from tests.services import DockerEngine
from tests.terminal import on_terminal

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNSTEADY = re.compile(r"\b\d+\.\d+ s\b|sha256:[0-9a-f]+|\b[0-9a-f]{7}\b")
COLUMNS = 100
SECONDS = 100
MARK = "<<<step "


class Step(NamedTuple):
    """One command of a tutorial, and what the page shows of its output; `…` stands for any lines."""

    command: str
    shown: str


def steps(page: str) -> Iterator[Step]:
    """The commands of a page: lines after "$ ", which go on where lines begin with "> "."""
    for fence in FENCE.findall(page):
        for piece in re.split(r"^\$ ", fence, flags=re.MULTILINE)[1:]:
            first, *rest = piece.splitlines()
            more = [line[2:] for line in rest if line.startswith("> ")]
            output = rest[len(more) :]
            yield Step("\n".join([first, *more]), "".join(f"{line}\n" for line in output))


def script(commands: list[str]) -> str:
    """A shell script that runs all commands, and says when each of them begins."""
    lines = ["trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"]
    for number, command in enumerate(commands):
        lines += [f"echo '{MARK}{number}'; echo '{MARK}{number}' >&2", command]
    return "\n".join([*lines, f"echo '{MARK}'"])


def run(commands: list[str], folder: Path, environment: dict[str, str]) -> list[str]:
    """What each command writes to a terminal of 100 columns."""
    done = on_terminal(
        ["bash", "-c", script(commands)], folder, environment, columns=COLUMNS, seconds=SECONDS
    )
    assert done.stdout.endswith(f"{MARK}\n"), f"{done.stdout}\n{done.stderr}"
    outputs = re.split(rf"{MARK}\d*\n", done.stdout)[1:-1]
    return [output if output.endswith("\n") or not output else f"{output}\n" for output in outputs]


def matches(shown: str, written: str) -> bool:
    """Whether an output is as shown, but for times, digests and commits."""
    pieces = re.split(r"^…\n", UNSTEADY.sub("", shown), flags=re.MULTILINE)
    return re.fullmatch(r"(?:.*\n)*".join(map(re.escape, pieces)), UNSTEADY.sub("", written)) is not None


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_does_what_it_shows(
    tutorial: Path, engine: DockerEngine, engine_base: str, tmp_path: Path
) -> None:
    port = str(free_port())
    clone(tmp_path)
    with contextlib.closing(engine.client()) as client:
        client.images.get(engine_base).tag(engine_base.partition(":")[0], "latest")
    shown = list(steps(tutorial.read_text("utf-8").replace("localhost:4524", f"127.0.0.1:{port}")))
    written = run([step.command for step in shown], tmp_path, environment(tmp_path, engine, port))
    assert shown
    for step, output in zip(shown, written, strict=True):
        assert matches(step.shown, output), f"$ {step.command}\n--- shown\n{step.shown}--- wrote\n{output}"


def clone(folder: Path) -> None:
    """What a tutorial needs of this repository, as one commit."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    commit(folder)


def environment(home: Path, engine: DockerEngine, port: str) -> dict[str, str]:
    who = {"NAME": "Ada", "EMAIL": "ada@example.com"}
    return {
        **PACKAGE_PATH,
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
        "PATH": f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PORT": port,
        "DOCKER_HOST": engine.url,
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
