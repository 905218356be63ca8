"""Changing one image in an images.yml; every other byte stays as it is. Pure, but for `save`."""

import codecs
import difflib
from collections.abc import Sequence
from dataclasses import replace

import yaml

from lsp_assembler.config.images_file import parse
from lsp_assembler.config.yaml_nodes import Problems, compose, decoded
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source

_SHOWN = 5


def entry(images: Sequence[Source], name: Reference, path: str) -> Source:
    """The one image of an images.yml that a name means.

    Args:
        images: as `images_file.parse` gives them.
        name: with the tag or the digest of the entry, or without both where one entry alone has that name.
        path: of the file, for messages.

    Raises:
        InvalidInputError: there is none, or there are several.
    """
    if name.tag or name.digest:
        found = [image for image in images if Reference.parse(image.text).canonical == name.canonical]
    else:
        wanted = (name.registry, name.path)
        found = [image for image in images if _repository(image) == wanted]
    if len(found) == 1:
        return found[0]
    if not found:
        known = [image.text for image in images]
        close = difflib.get_close_matches(str(name), known, 1)
        hint = f", did you mean '{close[0]}'?" if close else f", e.g. '{known[0]}'"
        raise InvalidInputError(
            f"{path}: it does not list '{name}'; expected an image of the list{hint}",
            "Write the name as it stands there, with or without its tag.",
        )
    listed = ", ".join(image.text for image in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    raise InvalidInputError(
        f"{path}: it lists {len(found)} versions of '{name}'; expected the name of one: {listed}",
        "Name it with its tag.",
    )


def replaced(content: bytes, path: str, old: Source, new: str) -> bytes:
    """The content of an images.yml with another name for one image.

    Args:
        content: of the file: comments, quotes, line endings and a byte order mark stay as they are.
        path: of the file, for messages.
        old: one of its images.
        new: e.g. "cyberdojofoundation/java_junit:LSP-3.7.5-1".

    Raises:
        InvalidInputError: the list has that image already, or spells the old one in a way that cannot be
            edited.
    """
    problems = Problems(path, "a list of image names")
    text = decoded(content, problems)
    images = parse(text, path).images
    canonical = Reference.parse(new).canonical
    for image in images:
        if image.index != old.index and Reference.parse(image.text).canonical == canonical:
            raise InvalidInputError(
                f"{path}:{image.line}: '{image.text}' is in the list already; expected each image once",
                f"Remove '{old.text}' if it is not wanted any more, or name another tag.",
            )
    item = _items(compose(text, problems))[old.index]
    start, end = item.start_mark.index, item.end_mark.index
    place = text.rfind(old.text, start, end)  # from the right: an anchor or a tag stands before the name
    edited = text[:place] + new + text[place + len(old.text) :] if place >= 0 else ""
    if not edited or not _is_only_change(edited, path, images, replace(old, text=new)):
        raise InvalidInputError(
            f"{path}:{old.line}: '{old.text}' is spelled with escapes or over several lines; "
            "expected it as it is, with or without quotes",
            "Write the name in one piece, or change the tag by hand.",
        )
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return mark + edited.encode()


def _repository(image: Source) -> tuple[str, str]:
    reference = Reference.parse(image.text)
    return reference.registry, reference.path


def _items(root: yaml.Node | None) -> list[yaml.Node]:
    """The nodes of the image names, in a file that is known to be valid."""
    if isinstance(root, yaml.MappingNode):
        root = next(value for key, value in root.value if key.value == "images")
    return list(root.value) if isinstance(root, yaml.SequenceNode) else []


def _is_only_change(edited: str, path: str, images: Sequence[Source], new: Source) -> bool:
    """Whether an edited file says the same as before, but for one image."""
    try:
        found = parse(edited, path).images
    except InvalidInputError:
        return False
    return found == tuple(new if image.index == new.index else image for image in images)
