"""What the GitHub Action does: one run of lsp-assembler, for people (annotations) and later steps (outputs).

Inputs come in the variables LSP_COMMAND, LSP_FILE, LSP_FROM, LSP_TO, LSP_TAGS and LSP_ARGS, never as part
of a script. Where the command has a JSON report, that is what annotations and outputs are made of, so that
nothing runs twice.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.reports.github import Annotation

FORMATS = {"build": "json", "check": "github", "lock": None, "outdated": "json", "pack": "json"}
"""How each command is made to report; None for one that has only text."""

OPTIONS = {"LSP_FILE": "--file", "LSP_FROM": "--from", "LSP_TO": "--to"}
_TOOL = Path(sys.executable).with_name("lsp-assembler")


def main(environment: Mapping[str, str]) -> int:
    """Run the command that the inputs describe; returns its exit status."""
    try:
        arguments = command_line(environment)
    except InvalidInputError as error:
        _say(Annotation("error", "lsp-assembler", str(error)))
        return error.exit_status
    done = subprocess.run([_TOOL, *arguments], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.stdout.startswith("{"):
        report = json.loads(done.stdout)
        for annotation in annotations(report, environment.get("LSP_FILE") or "images.yml"):
            _say(annotation)
        _publish(outputs(report), environment["GITHUB_OUTPUT"])
    else:
        sys.stdout.write(done.stdout)
    return done.returncode


def command_line(environment: Mapping[str, str]) -> list[str]:
    """The arguments for lsp-assembler, e.g. ["build", "--to=registry", "--tag=acme/lsp:1", "--format=json"].

    Raises:
        InvalidInputError: there is no such command, or a quotation mark in args is not closed.
    """
    command = environment["LSP_COMMAND"]
    if command not in FORMATS:
        raise InvalidInputError(
            f"command: '{command}' is unknown; expected {', '.join(FORMATS)}", "Correct 'with: command:'."
        )
    try:
        extra = shlex.split(environment.get("LSP_ARGS", ""), comments=False)
    except ValueError as error:
        raise InvalidInputError(
            f"args: it cannot be taken apart ({error}); expected words quoted as in a shell",
            "Close the quotation mark, or put a backslash before it.",
        ) from error
    options = [f"{option}={environment[name]}" for name, option in OPTIONS.items() if environment.get(name)]
    tags = [f"--tag={tag}" for tag in environment.get("LSP_TAGS", "").split()]
    report = [f"--format={FORMATS[command]}"] if FORMATS[command] else []
    return [command, *options, *tags, *extra, *report]


def annotations(report: Mapping[str, Any], images_file: str) -> Iterator[Annotation]:
    """What a JSON report of `build`, `pack` or `outdated` says to people; docs/ has the fields of each."""
    if report["error"]:
        yield Annotation("error", "lsp-assembler stopped", report["error"])
    for failure in report.get("failures", ()):
        line = failure.get("line")
        yield Annotation("error", failure["kind"], failure["message"], images_file if line else None, line)
    for finding in report.get("findings", ()):
        source, line = finding.get("source") or finding["directory"], finding.get("line")
        place = (images_file, line) if line else _in_checkout(source, finding)
        yield Annotation(finding["severity"], finding["rule"], f"{source}: {finding['message']}", *place)
    for entry in report.get("entries", ()):
        if entry["state"] != "unchanged":
            message = "\n".join(filter(None, [f"{entry['name']}: {entry['state']}", entry["problem"]]))
            yield Annotation("notice", entry["state"], message)


def outputs(report: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of the step, with spaces between several images; {} where nothing was published."""
    images = report.get("packed") or [each for each in [report.get("image")] if each]
    if not images:
        return {}
    return {
        "digest": " ".join(image["digest"] for image in images),
        "image": " ".join(image["names"][0] for image in images),
    }


def _in_checkout(source: str, finding: Mapping[str, Any]) -> tuple[str | None, int | None]:
    if finding["manifest"] is None:
        return None, None
    return os.path.normpath(Path(source, finding["manifest"])), finding["manifest_line"]


def _publish(found: Mapping[str, str], path: str) -> None:
    """Append outputs to the file that the runner reads; names and digests have no line breaks."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in found.items())
    for name, value in found.items():
        _say(f"{name}: {value}")


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(os.environ))
