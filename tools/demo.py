"""`make demo`: pack the example checkouts, assemble them by images.yml, and look at the result.

It needs no engine: images go to a directory, an OCI image layout, which is removed at the end.

`make demo-engine` does the same with the Docker Engine that the environment points at. If none answers, it
starts a private one and stops it at the end; that takes root, and apt-get if dockerd is not installed yet.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
from docker.errors import DockerException
from rich.console import Console

from lsp_assembler.config import images_file
from tests.services import DockerEngine, engine_missing, import_base_image

ROOT = Path(__file__).parents[1]
IMAGES_FILE = "images.yml"
_SETTINGS = images_file.load(str(ROOT / IMAGES_FILE))

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the demo; returns the exit status of the first command that fails, else 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if sys.argv[1:] == ["--engine"]:
        with _engine() as client, _base_image(client):
            return _show("docker", "--pull", "never")
    with tempfile.TemporaryDirectory() as folder:
        _say("The images go to a directory. The base is nothing at all; a real build has one in images.yml.")
        return _show(f"oci:{folder}", "--base", "scratch")


def _show(store: str, *building: str) -> int:
    """Pack, build and inspect in one store; returns the exit status of the first that fails, else 0."""
    examples = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("examples/*/start_point"))
    commands = (
        ["pack", *examples, "--to", store],
        ["build", "-f", IMAGES_FILE, "--from", store, "--to", store, *building],
        ["inspect", str(_SETTINGS.name), "--from", store],
    )
    return next(filter(None, map(_run, commands)), 0)


@contextlib.contextmanager
def _engine() -> Iterator[docker.DockerClient]:
    """A client of the engine to use; DOCKER_HOST points the commands at the same one."""
    answering = _answering_client()
    if answering:
        _say("Using the Docker Engine that answers here; the demo's images stay in it.")
        with contextlib.closing(answering):
            yield answering
        return
    subprocess.run(["tools/need", "dockerd=docker.io"], cwd=ROOT, check=True)
    missing = engine_missing()
    if missing:
        sys.exit(f"No Docker Engine answers, and no private one can be started: {missing}.")
    with DockerEngine() as engine, contextlib.closing(engine.client()) as client:
        os.environ["DOCKER_HOST"] = engine.url
        _say("No Docker Engine answers here, so this is a private one; it ends with the demo.")
        _say(f"$ export DOCKER_HOST={engine.url}")
        yield client


def _answering_client() -> docker.DockerClient | None:
    try:
        client = docker.from_env()
        client.ping()
    except DockerException:
        return None
    return client


@contextlib.contextmanager
def _base_image(client: docker.DockerClient) -> Iterator[None]:
    """Have the base image that images.yml names.

    The real one is some 100 MB on Docker Hub, which the demo does without: if the engine does not have
    it, a stand-in of the same shape takes its name while the demo runs. A real build pulls the real one.
    """
    name = str(_SETTINGS.base)
    if client.images.list(name):
        yield
        return
    _say(f"A stand-in takes the name {name} while this runs.")
    import_base_image(client, name)
    try:
        yield
    finally:
        client.images.remove(name, force=True)  # only its name, where an image is built on it


def _run(arguments: list[str]) -> int:
    """Show a command, then run it; returns its exit status."""
    _say(f"\n$ {shlex.join(['lsp-assembler', *arguments])}")
    program = Path(sys.executable).with_name("lsp-assembler")
    return subprocess.run([program, *arguments], cwd=ROOT, check=False).returncode


def _say(text: str) -> None:
    console.print(text, style="bold", markup=False)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
