"""images.yml -> ImagesFile. All problems of a file are reported at once, each with its line and column.

This module knows the keys; `yaml_nodes` knows YAML. Pure, except for `load`, and for the file that a policy's
`deny` names.
"""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.config.policy_file import policy
from lsp_assembler.config.yaml_nodes import (
    MAX_BYTES,
    ParseNode,
    Problems,
    compose,
    decoded,
    entries,
    mapping,
    read,
    shown,
    tag,
    word,
)
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.policy import Policy
from lsp_assembler.model.reference import MAX_PORT, PortError, Reference
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.model.versions import is_lsp_tag
from lsp_assembler.reading import beginning
from lsp_assembler.text import LONGEST, closest, named, suggestion

WEB_ADDRESS = re.compile(r"(?P<scheme>https?):/+")  # of which a path keeps one slash
_EXAMPLE = "cyberdojofoundation/java_junit:LSP"
NO_BASE = "that is an LSP image, which holds only a start point; expected an image to build on"
_IMAGES = f"a list of image names, e.g. '- {_EXAMPLE}'"


class ImagesFile(Struct, frozen=True):
    """What an images.yml says.

    Args:
        type: languages, custom or exercises; languages if the file does not say.
        name: of the image to build; None if the file does not say.
        base: the image to build on; None if the file does not say.
        base_line: where it says so; None if it does not.
        is_plain: whether it is a plain list of images, which has no keys.
        port: that the built image serves on; None if the file does not say.
        images: at least one; images[i].index == i, and no two are the same image.
        registries: settings by host as `Reference.registry` spells it, e.g. "docker.io".
        policy: what is asked of language images; None if the file does not say.
    """

    type: StartPointType
    name: Reference | None
    base: Reference | None
    port: int | None
    images: tuple[Source, ...]
    registries: Mapping[str, HostSettings] = {}
    policy: Policy | None = None
    base_line: int | None = None
    is_plain: bool = False


def schema() -> str:
    """The JSON Schema (draft 2020-12) of images.yml, for editors."""
    from importlib import resources

    return resources.files("lsp_assembler.config").joinpath("images.schema.json").read_text(encoding="utf-8")


def load(path: str, *, is_named: bool = False) -> ImagesFile:
    """Read and parse the file at this path, e.g. "images.yml".

    Args:
        is_named: whether the user has named it; else it is the one that commands take by themselves.

    Raises:
        InvalidInputError: it cannot be read, or `parse` finds it invalid.
    """
    web = WEB_ADDRESS.match(path)
    if web:
        address = f"{web['scheme']}://{path[web.end() :]}"
        raise InvalidInputError(
            f"{address}: this is a web address, and not a file", "Download it first, and name the file."
        )
    try:
        content = beginning(Path(path), MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        name = Path(path).name
        others = [each.name for each in Path(path).parent.glob("*.y*ml") if each.name != name]
        close = closest(name, others)
        reason = f"{reason}; did you mean {named(str(Path(path).with_name(close)))}?" if close else reason
        otherwise = "check the path" if is_named else "name another file with --file"
        remedy = f"Make one with 'lsp-assembler init images.yml', or {otherwise}."
        raise InvalidInputError(f"{path}: {reason}", remedy) from error
    return parse(decoded(content, Problems(path)), path)


def parse(text: str, path: str) -> ImagesFile:
    """Parse the text of an images.yml, in either form.

    Args:
        text: e.g. "- cyberdojofoundation/java_junit:LSP".
        path: of the file, e.g. "languages/images.yml": for messages, and because a relative `ca` or `deny` is
            relative to its folder, so that `ca: certs/ca.pem` gives "languages/certs/ca.pem".

    Raises:
        InvalidInputError: it is invalid; the message has a line "PATH:LINE:COLUMN: …" for every problem.
    """
    problems = Problems(path)
    root = compose(text, problems)
    values: dict[str, Any] = {}
    if isinstance(root, yaml.SequenceNode):
        values = {"images": read(root, "the file", _images, problems), "is_plain": True}
    elif isinstance(root, yaml.MappingNode):
        values = mapping(root, _PARSERS, problems)
        lines = [key.start_mark.line + 1 for key, _ in root.value if key.value == "base"]
        values["base_line"] = lines[0] if lines else None
        if "images" not in values:
            problems.add(root, f"the key 'images' is missing; add {_IMAGES}")
    else:
        problems.add(
            root, f"the file is {shown(root)}; expected {_IMAGES}, or a mapping with the key 'images'"
        )
    if problems:
        raise problems.error()
    defaults = {"type": StartPointType.LANGUAGES, "name": None, "base": None, "port": None}
    return ImagesFile(**(defaults | values))


def _type(node: yaml.Node, _problems: Problems) -> StartPointType:
    if tag(node) == "str" and node.value in list(StartPointType):
        return StartPointType(node.value)
    raise ValueError(suggestion(word(node), list(StartPointType)))


def _port(node: yaml.Node, _problems: Problems) -> int:
    # YAML 1.1 has 0x11AC, 4_524 and 1:15:24 as well, which editors and people read differently
    if tag(node) == "int" and re.fullmatch("[1-9][0-9]{0,4}", node.value) and int(node.value) <= MAX_PORT:
        return int(node.value)
    raise ValueError(
        f"expected a whole number from 1 to {MAX_PORT}{', without quotes' * (tag(node) == 'str')}"
    )


def _reference(node: yaml.Node, _problems: Problems) -> Reference:
    if tag(node) == "str":
        try:
            return Reference.parse(node.value)
        except PortError as error:
            raise ValueError(f"its port must be a number from 1 to {MAX_PORT}") from error
        except ValueError:
            pass
        if node.value.startswith((".", "/")):
            raise ValueError("name a folder on the command line, not here")
    meant = _meant(node)
    if meant and meant == node.value and not node.tag.startswith("!"):
        raise ValueError(f"if it is an image name, put it in quotes: {named(meant)}")
    raise ValueError(
        f"did you mean {named(meant)}?" if meant else f"expected an image name, e.g. '{_EXAMPLE}'"
    )


def _base(node: yaml.Node, problems: Problems) -> Reference:
    reference = _reference(node, problems)
    if is_lsp_tag(reference.tag):
        raise ValueError(NO_BASE)
    return reference


def _name(node: yaml.Node, problems: Problems) -> Reference:
    reference = _reference(node, problems)
    if reference.digest:
        raise ValueError("expected a name to publish under, without a digest")
    return reference


def _images(node: yaml.Node, problems: Problems) -> tuple[Source, ...]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise ValueError(f"expected {_IMAGES}")
    sources: dict[str, Source] = {}
    for item in node.value:
        reference = read(item, "the image", _reference, problems)
        if reference is None:
            continue
        same = sources.get(reference.canonical)
        if same:
            fact = f"the image {named(item.value)} is the same as {named(same.text)} on line {same.line}"
            problems.add(item, f"{fact}; keep one")
        else:
            sources[reference.canonical] = Source(len(sources), item.value, item.start_mark.line + 1)
    return tuple(sources.values())


def _registries(node: yaml.Node, problems: Problems) -> dict[str, HostSettings]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("expected a mapping from hosts to their settings")  # noqa: TRY004 - the user's error, not ours
    registries: dict[str, HostSettings] = {}
    for host, settings in entries(node, problems):
        registry = read(host, "the registry", _registry, problems)
        if registry in registries:
            problems.add(
                host, f"the registry {named(host.value)} is {registry}, which is listed above; keep one"
            )
        elif registry:
            value = read(settings, f"the registry {registry}", _settings, problems)
            registries[registry] = value
    return registries


def _registry(node: yaml.Node, _problems: Problems) -> str:
    with contextlib.suppress(ValueError):
        reference = Reference.parse(f"{node.value}/image")
        if reference.host == node.value:
            return reference.registry
    raise ValueError("expected a host, e.g. 'docker.io' or 'localhost:5000'")


def _settings(node: yaml.Node, problems: Problems) -> HostSettings:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("expected a mapping, e.g. {insecure: true}")  # noqa: TRY004 - the user's error, not ours
    return HostSettings(**mapping(node, _SETTINGS_PARSERS, problems))


def _insecure(node: yaml.Node, _problems: Problems) -> bool:
    if tag(node) == "bool" and node.value in ("true", "false"):
        return bool(node.value == "true")
    raise ValueError("expected true or false")


def _mirror(node: yaml.Node, _problems: Problems) -> str:
    with contextlib.suppress(ValueError):
        if tag(node) == "str" and Reference.parse(f"{node.value}/image").host:
            return str(node.value)
    raise ValueError("expected HOST or HOST/PREFIX, e.g. 'mirror.gcr.io'")


def _ca(node: yaml.Node, problems: Problems) -> str:
    if tag(node) == "str" and node.value:
        return problems.beside(node.value)
    raise ValueError("expected the path of a PEM file")


_PARSERS: Mapping[str, ParseNode] = {
    "type": _type,
    "name": _name,
    "base": _base,
    "port": _port,
    "images": _images,
    "registries": _registries,
    "policy": policy,
}
_SETTINGS_PARSERS: Mapping[str, ParseNode] = {"insecure": _insecure, "mirror": _mirror, "ca": _ca}


def _meant(node: yaml.Node) -> str:
    """The image name that was probably meant; "" if there is no telling."""
    text = word(node)
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:  # "- java_junit: LSP", a space too many
        text = f"{word(node.value[0][0])}:{word(node.value[0][1]) or 'LSP'}"
    if len(text) > LONGEST:
        return ""
    text = re.sub(r"^[a-z]+://", "", text.strip())
    text = re.sub(r"^(.*/)?[^:@]*", lambda name: name[0].lower(), text)
    with contextlib.suppress(ValueError):
        return str(Reference.parse(text))
    return ""
