"""The file that `deny` of a policy names: a list of images in YAML, or an OpenVEX document in JSON."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from lsp_assembler.config.policy_nodes import image, list_of, text, until
from lsp_assembler.config.yaml_nodes import ParseNode, Problems, compose, decoded, shown
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.policy import Denial
from lsp_assembler.reading import read_file

_EXPECTED = "a list such as '- {image: cyberdojofoundation/java_junit, reason: …}', or an OpenVEX document"


def read_denials(path: str, problems: Problems) -> tuple[Denial, ...]:
    """What a file says about images, the earliest first.

    Args:
        problems: of the file that names this one; what is wrong with this one is added to them.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        content = read_file(Path(path))
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from error
    except ValueError as error:  # a NUL in the path
        raise ValueError("it is no path") from error
    found: tuple[Denial, ...] = ()
    own = Problems(path)
    try:
        if content.lstrip()[:1] == b"{":
            from lsp_assembler.config import openvex

            found, wrong = openvex.denials(content)
            problems.add_elsewhere(f"{path}: {each}" for each in wrong)
        else:
            found = _listed(compose(decoded(content, own), own), own)
            if own:
                raise own.error()
    except InvalidInputError as error:
        problems.add_elsewhere(error.message.split("\n"))
    return found


def _listed(root: yaml.Node | None, problems: Problems) -> tuple[Denial, ...]:
    if not isinstance(root, yaml.SequenceNode):
        problems.add(root, f"the file is {shown(root)}; expected {_EXPECTED} ('[]' denies nothing)")
        return ()
    found = list_of(root, "an entry", _ENTRY, problems, optional=("until", "reference"))
    return tuple(
        Denial(each["image"], each["reason"], each.get("until"), each.get("reference", "")) for each in found
    )


_ENTRY: Mapping[str, ParseNode] = {"image": image, "reason": text, "until": until, "reference": text}
