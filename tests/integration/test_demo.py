"""`make demo` shows what it promises; so does its variant with an engine."""

import os
import subprocess
import sys

import pytest

from tests import ROOT
from tests.services import DockerEngine


@pytest.mark.parametrize("arguments", [[], ["--engine"]])
def test_the_demo_packs_builds_and_inspects(engine: DockerEngine, arguments: list[str]) -> None:
    environment = os.environ | {"DOCKER_HOST": engine.url if arguments else "unix:///nowhere"}
    demo = [sys.executable, "-m", "tools.demo", *arguments]
    done = subprocess.run(demo, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert (
        "5 start points, 5 display names, all unique: built cyberdojo/languages-start-points" in done.stdout
    )
    assert '"Ruby 3.3, MiniTest 5.20": {' in done.stdout
