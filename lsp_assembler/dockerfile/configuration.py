"""The base image's configuration x instructions -> the new one, as Docker's classic builder makes it."""

import copy
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lsp_assembler.dockerfile.instruction import Instruction, complain
from lsp_assembler.dockerfile.words import exec_form, pairs, unquoted
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.text import named

_SHELL = ["/bin/sh", "-c"]
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.ASCII | re.IGNORECASE)
_LARGEST_PORT = 65535
_SIGNALS = re.compile(
    r"ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|"
    r"TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|"
    r"RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?|[1-9][0-9]{0,2}"
)

_Config = dict[str, Any]


def apply(instructions: Sequence[Instruction], config: Mapping[str, Any]) -> dict[str, Any]:
    """What `docker build` would make of the base image's configuration.

    Args:
        instructions: what `parse` returned.
        config: the "config" object of the base image, e.g. {"Env": ["PATH=/bin"], "Cmd": None}; it is not
            changed. Keys that no instruction is about are kept.

    Raises:
        InvalidInputError: a line for every value that is wrong, such as port 65536; or the base has ONBUILD
            triggers, which need a Docker Engine.
    """
    if config.get("OnBuild"):
        raise InvalidInputError(
            f"{instructions[0].value}: its ONBUILD triggers need a Docker Engine", "Build with --to docker."
        )
    new: _Config = copy.deepcopy(dict(config))
    new["Env"] = list(new.get("Env") or ())
    if not any(entry.startswith("PATH=") for entry in new["Env"]):
        new["Env"].append(_PATH)
    problems = []
    for instruction in instructions:
        try:
            _APPLIERS.get(instruction.name, _nothing)(new, instruction.value)
        except ValueError as error:
            problems.append(instruction.problem(str(error)))
    complain(problems)
    _reset_command(new, [instruction.name for instruction in instructions])
    return new


def _reset_command(config: _Config, names: Sequence[str]) -> None:
    """A new ENTRYPOINT does not take the arguments that the base had for its own."""
    if "ENTRYPOINT" in names and "CMD" not in names:
        config.pop("Cmd", None)


def _nothing(_config: _Config, _value: str) -> None:
    """FROM and COPY do not change the configuration."""


def _env(config: _Config, value: str) -> None:
    entries = config["Env"]
    names = [entry.partition("=")[0] for entry in entries]
    for raw_name, raw_value in pairs(value):
        name = unquoted(raw_name)
        if not name:
            raise ValueError("a name is empty")
        entry = f"{name}={unquoted(raw_value)}"
        if name in names:
            entries[names.index(name)] = entry
        else:
            entries.append(entry)
            names.append(name)


def _label(config: _Config, value: str) -> None:
    labels = {unquoted(name): unquoted(raw) for name, raw in pairs(value)}
    config["Labels"] = {**(config.get("Labels") or {}), **labels}


def _expose(config: _Config, value: str) -> None:
    ports = [port for word in value.split() for port in _ports(unquoted(word))]
    config["ExposedPorts"] = {**(config.get("ExposedPorts") or {}), **{port: {} for port in ports}}


def _ports(word: str) -> Iterator[str]:
    matched = _PORTS.fullmatch(word)
    first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
    if matched is None or not first <= last <= _LARGEST_PORT:
        raise ValueError(f"{named(word)} is not a port; expected e.g. 4524, 53/udp or 8000-8009")
    protocol = (matched[3] or "tcp").lower()
    return (f"{port}/{protocol}" for port in range(first, last + 1))


def _user(config: _Config, value: str) -> None:
    config["User"] = unquoted(value)


def _workdir(config: _Config, value: str) -> None:
    path = unquoted(value)
    if not path:
        raise ValueError("the path is empty")
    relative = not path.startswith("/")
    config["WorkingDir"] = _joined(config.get("WorkingDir") or "", path) if relative else path


def _joined(folder: str, path: str) -> str:
    # POSIX gives two slashes at the start a meaning of their own; Docker does not
    return "/" + posixpath.normpath(f"/{folder}/{path}").lstrip("/")


def _volume(config: _Config, value: str) -> None:
    words = exec_form(value)
    volumes = [unquoted(word.strip()) for word in (value.split() if words is None else words)]
    if not volumes or not all(volumes):
        raise ValueError("a path is empty")
    config["Volumes"] = {**(config.get("Volumes") or {}), **{volume: {} for volume in volumes}}


def _stopsignal(config: _Config, value: str) -> None:
    signal = unquoted(value)
    if not _SIGNALS.fullmatch(signal.upper().removeprefix("SIG")):
        raise ValueError(f"{named(signal)} is not a signal; expected e.g. SIGTERM or 9")
    config["StopSignal"] = signal


def _entrypoint(config: _Config, value: str) -> None:
    config["Entrypoint"] = _command(config, value)


def _cmd(config: _Config, value: str) -> None:
    config["Cmd"] = _command(config, value)


def _command(config: _Config, value: str) -> list[str]:
    words = exec_form(value)
    return [*(config.get("Shell") or _SHELL), value] if words is None else words


_APPLIERS: Mapping[str, Callable[[_Config, str], None]] = {
    "ENV": _env,
    "LABEL": _label,
    "EXPOSE": _expose,
    "USER": _user,
    "WORKDIR": _workdir,
    "VOLUME": _volume,
    "STOPSIGNAL": _stopsignal,
    "ENTRYPOINT": _entrypoint,
    "CMD": _cmd,
}
