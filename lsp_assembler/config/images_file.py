"""images.yml -> ImagesFile. Every problem of the file is found in one go, each with its line and column.

What the keys mean is here; how YAML is read is in `yaml_nodes`. Pure, except for `load`.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.config.yaml_nodes import (
    MAX_BYTES,
    MAX_SHOWN,
    Problems,
    Reader,
    compose,
    decoded,
    entries,
    mapping,
    one_of,
    quoted,
    read,
    shown,
    tag,
    word,
)
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPointType

_EXAMPLE = "cyberdojofoundation/java_junit:LSP"
_IMAGES = f"a list of image names, e.g. '- {_EXAMPLE}'"
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class ImagesFile:
    """What an images.yml says.

    Args:
        type: languages, custom or exercises; languages where the file does not say.
        name: what the built image is to be called; None where the file does not say.
        base: the image to build on; None where the file does not say.
        port: that the built image serves on; None where the file does not say.
        images: at least one; images[i].index == i, and no two are the same image.
        registries: settings by host as `Reference.registry` spells it, e.g. "docker.io".
    """

    type: StartPointType
    name: Reference | None
    base: Reference | None
    port: int | None
    images: tuple[Source, ...]
    registries: Mapping[str, HostSettings] = field(default_factory=dict)


def schema() -> str:
    """The JSON Schema (draft 2020-12) of images.yml, for editors."""
    return resources.files("lsp_assembler.config").joinpath("images.schema.json").read_text(encoding="utf-8")


def load(path: str) -> ImagesFile:
    """Read and parse the file at this path, e.g. "images.yml".

    Raises:
        InvalidInputError: it cannot be read, or `parse` finds it invalid.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        remedy = f"Create it, or name another one with --file; it holds {_IMAGES}."
        raise InvalidInputError(f"{path}: {reason}; expected a file that can be read", remedy) from error
    return parse(decoded(content, Problems(path, _IMAGES)), path)


def parse(text: str, path: str) -> ImagesFile:
    """Parse the text of an images.yml, in either form.

    Args:
        text: e.g. "- cyberdojofoundation/java_junit:LSP".
        path: where it came from, e.g. "languages/images.yml": for messages, and because a relative `ca` is
            relative to its folder, so that `ca: certs/ca.pem` gives "languages/certs/ca.pem".

    Raises:
        InvalidInputError: it is invalid; the message has a line "PATH:LINE:COLUMN: …" for every problem.
    """
    problems = Problems(path, _IMAGES)
    root = compose(text, problems)
    values: dict[str, Any] = {}
    if isinstance(root, yaml.SequenceNode):
        values = {"images": read(root, "the file", _images, problems)}
    elif isinstance(root, yaml.MappingNode):
        values = mapping(root, _READERS, problems, unadvertised=("policy",))
        if "images" not in values:
            problems.add(root, f"images is missing; expected {_IMAGES}")
    else:
        problems.add(root, f"the file is {shown(root)}; expected {_IMAGES}, or a mapping with images")
    if problems.found:
        raise problems.error()
    defaults = {"type": StartPointType.LANGUAGES, "name": None, "base": None, "port": None}
    return ImagesFile(**(defaults | values))


def _type(node: yaml.Node, _problems: Problems) -> StartPointType:
    if tag(node) == "str" and node.value in list(StartPointType):
        return StartPointType(node.value)
    raise ValueError(one_of(list(StartPointType), word(node)))


def _port(node: yaml.Node, _problems: Problems) -> int:
    # YAML 1.1 has 0x11AC, 4_524 and 1:15:24 as well, which editors and people read differently
    if tag(node) == "int" and re.fullmatch("[1-9][0-9]{0,4}", node.value) and int(node.value) <= _MAX_PORT:
        return int(node.value)
    raise ValueError(f"a whole number from 1 to {_MAX_PORT}{', without quotes' * (tag(node) == 'str')}")


def _reference(node: yaml.Node, _problems: Problems) -> Reference:
    if tag(node) == "str":
        with contextlib.suppress(ValueError):
            return Reference.parse(node.value)
        if node.value.startswith((".", "/")):
            raise ValueError("an image name; directories go on the command line")
    meant = _meant(node)
    if meant and meant == node.value and not node.tag.startswith("!"):
        raise ValueError(f"an image name, in quotes if it is one: {quoted(meant)}")
    raise ValueError(f"an image name, {f'did you mean {meant!r}?' if meant else f'e.g. {_EXAMPLE!r}'}")


def _name(node: yaml.Node, problems: Problems) -> Reference:
    reference = _reference(node, problems)
    if reference.digest:
        raise ValueError("a name to publish under, without a digest")
    return reference


def _images(node: yaml.Node, problems: Problems) -> tuple[Source, ...]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise ValueError(_IMAGES)
    sources: dict[str, Source] = {}
    for item in node.value:
        reference = read(item, "the image", _reference, problems)
        if reference is None:
            continue
        same = sources.get(reference.canonical)
        if same:
            fact = f"the image {quoted(item.value)} is the same as {quoted(same.text)} in line {same.line}"
            problems.add(item, f"{fact}; expected each image once")
        else:
            sources[reference.canonical] = Source(len(sources), item.value, item.start_mark.line + 1)
    return tuple(sources.values())


def _registries(node: yaml.Node, problems: Problems) -> dict[str, HostSettings]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("a mapping from hosts to their settings")  # noqa: TRY004 - the user's error, not ours
    registries: dict[str, HostSettings] = {}
    for host, settings in entries(node, problems):
        registry = read(host, "the registry", _registry, problems)
        if registry in registries:
            fact = f"the registry {quoted(host.value)} is {registry}, which has its settings above"
            problems.add(host, f"{fact}; expected it once")
        elif registry:
            value = read(settings, f"the registry {registry}", _settings, problems)
            registries[registry] = value
    return registries


def _registry(node: yaml.Node, _problems: Problems) -> str:
    with contextlib.suppress(ValueError):
        reference = Reference.parse(f"{node.value}/image")
        if reference.host == node.value:
            return reference.registry
    raise ValueError("a host, e.g. 'docker.io' or 'localhost:5000'")


def _settings(node: yaml.Node, problems: Problems) -> HostSettings:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("a mapping, e.g. {insecure: true}")  # noqa: TRY004 - the user's error, not ours
    return HostSettings(**mapping(node, _SETTINGS_READERS, problems))


def _insecure(node: yaml.Node, _problems: Problems) -> bool:
    if tag(node) == "bool" and node.value in ("true", "false"):
        return bool(node.value == "true")
    raise ValueError("true or false")


def _mirror(node: yaml.Node, _problems: Problems) -> str:
    with contextlib.suppress(ValueError):
        if tag(node) == "str" and Reference.parse(f"{node.value}/image").host:
            return str(node.value)
    raise ValueError("HOST or HOST/PREFIX, e.g. 'mirror.gcr.io'")


def _ca(node: yaml.Node, problems: Problems) -> str:
    if tag(node) == "str" and node.value:
        return str(Path(problems.path).parent / node.value)
    raise ValueError("the path of a PEM file")


def _policy(_node: yaml.Node, _problems: Problems) -> None:
    raise ValueError("no policy, because this version does not support it and would not enforce it")


_READERS: Mapping[str, Reader] = {
    "type": _type,
    "name": _name,
    "base": _reference,
    "port": _port,
    "images": _images,
    "registries": _registries,
    "policy": _policy,
}
_SETTINGS_READERS: Mapping[str, Reader] = {"insecure": _insecure, "mirror": _mirror, "ca": _ca}


def _meant(node: yaml.Node) -> str:
    """The image name that was probably meant by what is none; "" if there is no telling."""
    text = word(node)
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:  # "- java_junit: LSP", a space too many
        text = f"{word(node.value[0][0])}:{word(node.value[0][1]) or 'LSP'}"
    if len(text) > MAX_SHOWN:
        return ""
    text = re.sub(r"^[a-z]+://", "", text.strip())
    text = re.sub(r"^(.*/)?[^:@]*", lambda name: name[0].lower(), text)
    with contextlib.suppress(ValueError):
        return str(Reference.parse(text))
    return ""
