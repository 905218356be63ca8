"""GitHub's runner, as far as our recipes need it: it executes the very steps that stand in their YAML.

A checkout is a shallow clone of a repository on disk, a login does nothing, our own action is run from
action.yml, and `run:` is given to bash as GitHub gives it. Any other action is an error.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import PACKAGE_PATH, ROOT

_OURS = re.compile(r"cyber-dojo/lsp-assembler@v\d+\.\d+\.\d+")
_WITHOUT_EFFECT = ("actions/setup-python@v5", "docker/login-action@v3")
_CHECKOUT = "actions/checkout@v4"
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_CONDITION = re.compile(r"([\w.]+) == '([^']*)'")
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
_SECONDS = 60


@dataclass
class Job:
    """What a job left: whether it succeeded, its log, its summary, and the outputs of its steps."""

    ok: bool = True
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Runs workflows for one repository.

    Args:
        origin: the repository, whose main branch the event is about.
        folder: of its own, for workspaces and temporary files.
        env: what the owner of the repository has written into the workflow's `env:`.
    """

    origin: Path
    folder: Path
    env: Mapping[str, str]

    def run(self, workflow: Path, event: str) -> dict[str, Job]:
        """Run the jobs that an event starts, in order; one that needs a failed one is left out."""
        text = yaml.safe_load(workflow.read_text("utf-8"))
        done: dict[str, Job] = {}
        for name, job in text["jobs"].items():
            contexts = {"github": self._github(event), "env": dict(self.env), "secrets": {}}
            needed = done.get(job["needs"]) if "needs" in job else None
            if _holds(job.get("if"), contexts) and (needed is None or needed.ok):
                done[name] = _Run(self, contexts, self.folder / f"{event}-{name}").run(job["steps"])
        return done

    def _github(self, event: str) -> dict[str, str]:
        head = ["git", "-C", str(self.origin), "rev-parse", "main"]
        revision = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
        return {
            "event_name": event,
            "ref_name": "main",
            "repository": "acme/start-points",
            "server_url": "https://github.com",
            "sha": revision,
        }


class _Run:
    """One run of one job, on a machine that is new."""

    def __init__(self, runner: Runner, contexts: dict[str, Any], folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._runner = runner
        self._workspace, self._temp, self._files = (folder / each for each in ("workspace", "temp", "files"))
        for each in (self._workspace, self._temp, self._files):
            each.mkdir(parents=True)
        self._contexts = contexts
        self._path = runner.env.get("PATH", os.environ.get("PATH", os.defpath))
        self._job = Job()
        # As after an earlier use of the action in this job: what is tested is installed already.
        (self._temp / "lsp-assembler").symlink_to(sys.prefix)
        (self._temp / "lsp-assembler.installed-from").write_text(str(ROOT))

    def run(self, steps: list[dict[str, Any]]) -> Job:
        for step in steps:
            self._contexts["steps"] = {name: {"outputs": found} for name, found in self._job.outputs.items()}
            outputs: dict[str, str] = {}
            ok = self._step(step, self._contexts, outputs)
            self._job.outputs[step.get("id", "")] = outputs
            if not ok and not step.get("continue-on-error"):
                self._job.ok = False
                break
        return self._job

    def _step(self, step: dict[str, Any], contexts: dict[str, Any], outputs: dict[str, str]) -> bool:
        if "run" in step:
            return self._bash(_text(step["run"], contexts), _expanded(step.get("env", {}), contexts), outputs)
        action, given = step["uses"], _expanded(step.get("with", {}), contexts)
        if action == _CHECKOUT:
            return self._checkout(given.get("ref", "main"))
        if _OURS.fullmatch(action):
            return self._action(given, outputs)
        assert action in _WITHOUT_EFFECT, action
        return True

    def _action(self, given: Mapping[str, str], outputs: dict[str, str]) -> bool:
        action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        inputs = {name: given.get(name, declared["default"]) for name, declared in action["inputs"].items()}
        assert set(given) <= set(inputs), "GitHub only warns of an input that is not declared"
        steps: dict[str, Any] = {"python": {"outputs": {"python-path": "there is no need to install again"}}}
        for step in action["runs"]["steps"]:
            found: dict[str, str] = {}
            if not self._step(step, {"inputs": inputs, "steps": steps}, found):
                return False
            steps.setdefault(step.get("id", ""), {"outputs": found})
        for name, output in action["outputs"].items():
            outputs[name] = _text(output["value"], {"steps": steps})
        return True

    def _checkout(self, ref: str) -> bool:
        url = f"file://{self._runner.origin}"
        command = ["git", "clone", "--quiet", "--depth", "1", "--branch", ref, url, str(self._workspace)]
        subprocess.run(command, check=True, env=self._variables({}))
        return True

    def _bash(self, script: str, env: Mapping[str, str], outputs: dict[str, str]) -> bool:
        files = {name: self._files / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for path in files.values():
            path.write_text("")
        done = subprocess.run(
            [*_BASH, script],
            cwd=self._workspace,
            env=self._variables({**env, **{name: str(path) for name, path in files.items()}}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        self._job.log += done.stdout
        self._job.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        added = files["GITHUB_PATH"].read_text("utf-8").splitlines()
        self._path = ":".join([*added[::-1], self._path])
        lines = files["GITHUB_OUTPUT"].read_text("utf-8").splitlines()
        outputs.update({name: value for name, _, value in (line.partition("=") for line in lines)})
        return done.returncode == 0

    def _variables(self, env: Mapping[str, str]) -> dict[str, str]:
        github = {f"GITHUB_{name.upper()}": value for name, value in self._contexts["github"].items()}
        own = {
            **PACKAGE_PATH,
            "HOME": str(self._temp),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self._workspace),
            "RUNNER_TEMP": str(self._temp),
        }
        return {**own, **github, **self._runner.env, "PATH": self._path, **env}


def _holds(condition: str | None, contexts: Mapping[str, Any]) -> bool:
    if condition is None:
        return True
    found = _CONDITION.fullmatch(condition)
    assert found, condition
    return _value(found[1], contexts) == found[2]


def _expanded(values: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(str(value), contexts) for name, value in values.items()}


def _text(text: str, contexts: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: _value(found[1], contexts), text)


def _value(path: str, contexts: Mapping[str, Any]) -> str:
    """What an expression such as steps.commit.outputs.tag stands for; "" if nothing, as at GitHub."""
    found: Any = contexts
    for name in path.split("."):
        found = found.get(name, {})
    return found if isinstance(found, str) else ""
