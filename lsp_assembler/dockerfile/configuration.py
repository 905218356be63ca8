"""Instructions x the base image's configuration -> the new image's, as Docker's classic builder does it."""

import copy
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lsp_assembler.dockerfile.instruction import Instruction, complain
from lsp_assembler.dockerfile.words import exec_form, expand, pairs
from lsp_assembler.errors import InvalidInputError

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
_Env = Mapping[str, str]


def apply(instructions: Sequence[Instruction], config: Mapping[str, Any]) -> dict[str, Any]:
    """What `docker build` would make of the base image's configuration.

    Args:
        instructions: what `parse` returned.
        config: the "config" object of the base image, e.g. {"Env": ["PATH=/bin"], "Cmd": None}; it stays as
            it is. Keys that no instruction is about are taken over.

    Raises:
        InvalidInputError: every value that means nothing, such as a port that is none; or the base has
            ONBUILD triggers, which only a Docker Engine can follow.
    """
    if config.get("OnBuild"):
        raise InvalidInputError(
            f"{instructions[0].value}: it has ONBUILD triggers; expected none, as that takes an engine",
            "Build with --to docker.",
        )
    new: _Config = copy.deepcopy(dict(config))
    if "PATH" not in _environment(new):
        new["Env"] = [*(new.get("Env") or ()), _PATH]
    problems = []
    for instruction in instructions:
        try:
            _APPLIERS.get(instruction.name, _nothing)(new, instruction.value, _environment(new))
        except ValueError as error:
            problems.append(instruction.problem(str(error)))
    complain(problems)
    _reset_command(new, [instruction.name for instruction in instructions])
    return new


def _environment(config: _Config) -> dict[str, str]:
    """Of a name that stands there twice, the first counts."""
    pairs_ = (entry.partition("=") for entry in reversed(config.get("Env") or ()))
    return {name: value for name, _, value in pairs_}


def _reset_command(config: _Config, names: Sequence[str]) -> None:
    """A new ENTRYPOINT knows nothing of the arguments that the base had for its own."""
    if "ENTRYPOINT" in names and "CMD" not in names:
        config.pop("Cmd", None)


def _nothing(_config: _Config, _value: str, _env: _Env) -> None:
    """FROM and COPY: what they ask for is done elsewhere."""


def _env(config: _Config, value: str, env: _Env) -> None:
    entries = list(config["Env"])
    names = [entry.partition("=")[0] for entry in entries]
    for raw_name, raw_value in pairs(value):
        name = expand(raw_name, env)
        if not name:
            raise ValueError(f"the name {raw_name} comes to nothing; expected NAME=VALUE")
        entry = f"{name}={expand(raw_value, env)}"
        if name in names:
            entries[names.index(name)] = entry
        else:
            entries.append(entry)
            names.append(name)
    config["Env"] = entries


def _label(config: _Config, value: str, env: _Env) -> None:
    labels = {expand(name, env): expand(raw, env) for name, raw in pairs(value)}
    config["Labels"] = {**(config.get("Labels") or {}), **labels}


def _expose(config: _Config, value: str, env: _Env) -> None:
    # a variable may hold several ports
    words = [port for word in value.split() for port in expand(word, env).split()]
    ports = [port for word in words for port in _ports(word)]
    config["ExposedPorts"] = {**(config.get("ExposedPorts") or {}), **{port: {} for port in ports}}


def _ports(word: str) -> Iterator[str]:
    matched = _PORTS.fullmatch(word)
    first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
    if matched is None or not first <= last <= _LARGEST_PORT:
        raise ValueError(f"'{word}' is not a port; expected one such as 4524, 53/udp or 8000-8009")
    protocol = (matched[3] or "tcp").lower()
    return (f"{port}/{protocol}" for port in range(first, last + 1))


def _user(config: _Config, value: str, env: _Env) -> None:
    config["User"] = expand(value, env)


def _workdir(config: _Config, value: str, env: _Env) -> None:
    path = expand(value, env)
    if not path:
        raise ValueError("it comes to nothing; expected a path")
    relative = not path.startswith("/")
    config["WorkingDir"] = _joined(config.get("WorkingDir") or "", path) if relative else path


def _joined(folder: str, path: str) -> str:
    # two slashes at the start are special to POSIX, not to Docker
    return "/" + posixpath.normpath(f"/{folder}/{path}").lstrip("/")


def _volume(config: _Config, value: str, env: _Env) -> None:
    words = exec_form(value)
    volumes = [expand(word.strip(), env) for word in (value.split() if words is None else words)]
    if not volumes or not all(volumes):
        raise ValueError("a path comes to nothing; expected paths such as /data")
    config["Volumes"] = {**(config.get("Volumes") or {}), **{volume: {} for volume in volumes}}


def _stopsignal(config: _Config, value: str, env: _Env) -> None:
    signal = expand(value, env)
    if not _SIGNALS.fullmatch(signal.upper().removeprefix("SIG")):
        raise ValueError(f"'{signal}' is not a signal; expected one such as SIGTERM or 9")
    config["StopSignal"] = signal


def _entrypoint(config: _Config, value: str, _env: _Env) -> None:
    config["Entrypoint"] = _command(config, value)


def _cmd(config: _Config, value: str, _env: _Env) -> None:
    config["Cmd"] = _command(config, value)


def _command(config: _Config, value: str) -> list[str]:
    words = exec_form(value)
    return [*(config.get("Shell") or _SHELL), value] if words is None else words


_APPLIERS: Mapping[str, Callable[[_Config, str, _Env], None]] = {
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
