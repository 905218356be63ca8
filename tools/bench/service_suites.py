"""The service: how soon it answers, how much it answers, and what it takes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.services.process import ServiceError
from tools.bench.asking import NOTE
from tools.bench.assembling import BUILD, warm_assembler
from tools.bench.contender import Contender, Goal, Run, Suite
from tools.bench.stage import Stage

_NEEDS = ("lsp-assembler",)
_IMAGE = "bench/served:1"
_HERE = Path(__file__).parent
_ASKING = (sys.executable, str(_HERE / "asking.py"))
_SERVE = ("lsp-assembler", "serve", "--host", "127.0.0.1", "--port", "PORT")
_HELLO = ("--lifespan", "off", "--no-access-log", "--host", "127.0.0.1", "--port", "PORT")


def _build(stage: Stage) -> None:
    """The start points as a folder, as an image in a layout and as an images.yml whose images are cached.

    Raises:
        ServiceError: they cannot be built.
    """
    if (stage.folder / "served").is_dir():
        return
    warm_assembler(stage)
    options = ("--to", "oci:layout", "--tag", _IMAGE, "--context", "served")
    command = [stage.which(BUILD[0]) or BUILD[0], *BUILD[1:-2], *options]
    done = subprocess.run(
        command, cwd=stage.folder, env=stage.environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise ServiceError(f"building what is served ended with status {done.returncode}:\n{done.stderr}")


def _fault(stage: Stage) -> str:
    return "" if (stage.folder / NOTE).is_file() else "it left no figures"


def _measured(stage: Stage, run: Run) -> Run:
    """What the client measured, in place of how long the client itself took."""
    note = json.loads((stage.folder / NOTE).read_text("utf-8"))
    return replace(run, seconds=note["seconds"], peak=note["peak"])


def _contender(name: str, what: str, *command: str, needs: tuple[str, ...] = _NEEDS) -> Contender:
    return Contender(name, what, (*_ASKING, *command), _build, _fault, needs, measured=_measured)


SERVICE_START = Suite(
    "service-start",
    "From starting the service to its first answer",
    "folder",
    (
        _contender("folder", "`serve ./served`, the folder of index dirs", "first", *_SERVE, "./served"),
        _contender(
            "layout",
            "`serve --from oci:layout`, an image",
            "first",
            *_SERVE,
            _IMAGE,
            "--from",
            "oci:layout",
        ),
        _contender(
            "list",
            "`serve images.yml --from registry`, with a warm cache",
            "first",
            *_SERVE,
            "images.yml",
            "--from",
            "registry",
        ),
    ),
    (Goal("folder", 0.35), Goal("layout", 0.35), Goal("list", 0.8)),
)

SERVICE_LOAD = Suite(
    "service-load",
    "10,000 requests by wrk over 16 connections",
    "hello",
    (
        _contender(
            "hello",
            "uvicorn and an application of two lines",
            "load",
            "/",
            sys.executable,
            "-m",
            "uvicorn",
            "hello:app",
            "--app-dir",
            str(_HERE),
            *_HELLO,
            needs=("wrk",),
        ),
        _contender("names", "`/names`", "load", "/names", *_SERVE, "./served", needs=("wrk", *_NEEDS)),
        _contender(
            "manifests", "`/manifests`", "load", "/manifests", *_SERVE, "./served", needs=("wrk", *_NEEDS)
        ),
        _contender("probe", "one `/ready` beside 200 slow clients", "probe", *_SERVE, "./served"),
    ),
    (
        Goal("names", 1.25, of="hello"),
        Goal("manifests", 2, of="hello"),
        Goal("manifests", 60, unit="MB"),
        Goal("probe", 0.05),
    ),
)
