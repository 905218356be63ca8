"""lsp-assembler from registry to registry: what the contenders of several suites have in common."""

import os
import secrets
import subprocess
from collections.abc import Sequence

from lsp_assembler.text import plural
from tests.services.process import ServiceError
from tools.bench.checks import files_in_registry, start_points_fault
from tools.bench.stage import Stage

BUILD = ("lsp-assembler", "build", "-f", "images.yml", "--from", "registry", "--to", "registry")
CHECK = ("lsp-assembler", "check", "-f", "images.yml", "--from", "registry")


def cold_assembler(stage: Stage) -> None:
    """An empty cache, and a target that the registry has never heard of."""
    stage.empty_cache()
    target = f"{stage.host}/bench/{secrets.token_hex(4)}:1"
    images = (f"  - {image}" for image in stage.images)
    head = (f"name: {target}", f"base: {stage.base}")
    stage.write("images.yml", [*head, *stage.settings.splitlines(), "images:", *images])
    stage.write("target.txt", [target])
    os.sync()


def warm_assembler(stage: Stage) -> None:
    """The state after a first run.

    Raises:
        ServiceError: that run failed.
    """
    cold_assembler(stage)
    run_before(stage, BUILD)
    os.sync()


def run_before(stage: Stage, command: Sequence[str]) -> None:
    """Run what leaves the state that a run starts from.

    Raises:
        ServiceError: it failed.
    """
    first = subprocess.run(
        [stage.which(command[0]) or command[0], *command[1:]],
        cwd=stage.folder,
        env=stage.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if first.returncode:
        raise ServiceError(f"the run before this one ended with status {first.returncode}:\n{first.stderr}")


def check_fault(stage: Stage) -> str:
    """What is wrong with what the last `check` said; "" if nothing is."""
    number = len(stage.images)
    return says(stage, f"{plural(number, 'start point')}, {plural(number, 'display name')}, all unique")


def says(stage: Stage, expected: str) -> str:
    """What the output of the last run lacks, "" if the expected words are there."""
    return "" if expected in (stage.folder / "log").read_text() else f"its output lacks '{expected}'"


def assembled(stage: Stage) -> dict[str, bytes]:
    """What the last run put into /app/repos, e.g. {"0/start_point/manifest.json": b"{…"}."""
    target = (stage.folder / "target.txt").read_text().strip()
    return files_in_registry(stage, target, "app/repos/")


def assembled_fault(stage: Stage) -> str:
    """What is wrong with the image that the last run published; "" if nothing is."""
    found = assembled(stage)
    folders = {path.partition("/")[0] for path in found if "/" in path}
    if len(folders) != len(stage.expected):
        return f"the top layer has {len(folders)} index dirs; expected {len(stage.expected)}"
    return start_points_fault(found, stage)
