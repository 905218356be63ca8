"""The image of lsp-assembler, built from the Dockerfile as users build it, but without a network."""

import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker

from tests import ROOT
from tests.services.python_base import make_python_base

TOOL_IMAGE = "lsp-test/lsp-assembler:1"

_PYTHON = "lsp-test/python"


def build_tool_image(client: docker.DockerClient, folder: Path) -> None:
    """Give an engine the image, under the name TOOL_IMAGE; takes a minute on two idle processors.

    Args:
        folder: an empty one, with room for 1 GB.
    """
    context, base = folder / "context", folder / "base"
    base.mkdir()
    _copy_sources(context)
    with ThreadPoolExecutor() as pool:
        made = pool.submit(make_python_base, base)
        _collect_wheels(context)
        client.api.import_image(str(made.result()), repository=_PYTHON, tag="1")
    shutil.rmtree(base)
    arguments = {"PYTHON": f"{_PYTHON}:1", "PIP_NO_INDEX": "1"}
    client.images.build(path=str(context), tag=TOOL_IMAGE, buildargs=arguments, network_mode="none")


def _copy_sources(context: Path) -> None:
    """What a clean clone has, with links as links."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0")[:-1]:
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target, follow_symlinks=False)


def _collect_wheels(context: Path) -> None:
    """All that pip needs there to build the package and to install it."""
    said = tomllib.loads((context / "pyproject.toml").read_text("utf-8"))
    project = said["project"]
    wanted = (*said["build-system"]["requires"], *project["dependencies"])
    wanted += tuple(project["optional-dependencies"]["serve"])
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest"]
    subprocess.run([*command, str(context / "wheels"), *wanted], check=True)
