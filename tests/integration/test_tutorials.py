"""Each tutorial does what it shows: its commands run one after the other, in one shell, in a clone."""

import contextlib
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import termios
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import PACKAGE_PATH, ROOT
from tests.integration.support import SCRIPT
from tests.services import DockerEngine

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNSTEADY = re.compile(r"\b\d+\.\d+ s\b|sha256:[0-9a-f]+|\b[0-9a-f]{7}\b")
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
    ours, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 50, 100, 0, 0))
    said = folder / "stderr"
    with said.open("wb") as errors, os.fdopen(ours, "rb", buffering=0) as screen:
        shell = subprocess.Popen(
            ["bash", "-c", script(commands)], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=terminal, stderr=errors,
        )  # fmt: skip
        os.close(terminal)
        written = b"".join(iter(partial(read, screen), b"")).decode().replace("\r\n", "\n")
        shell.wait(SECONDS)
    assert written.endswith(f"{MARK}\n"), f"{written}\n{said.read_text('utf-8')}"
    outputs = re.split(rf"{MARK}\d*\n", written)[1:-1]
    return [output if output.endswith("\n") or not output else f"{output}\n" for output in outputs]


def read(screen: FileIO) -> bytes:
    """What a terminal shows next; nothing once all programs have left it."""
    try:
        return screen.read(65536)
    except OSError:
        return b""


def matches(shown: str, written: str) -> bool:
    """Whether an output is as shown, but for times, digests and commits."""
    pieces = re.split(r"^…\n", UNSTEADY.sub("", shown), flags=re.MULTILINE)
    return re.fullmatch(r"(?:.*\n)*".join(map(re.escape, pieces)), UNSTEADY.sub("", written)) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for command in (
        ("init", "--quiet"),
        ("add", "examples"),
        (*identity, "commit", "--quiet", "--message", "1"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


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
