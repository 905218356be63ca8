"""Changing one image in an images.yml; every other byte stays as it is. Pure."""

import codecs
from collections.abc import Sequence

import yaml
from msgspec.structs import replace

from lsp_assembler.config.images_file import parse
from lsp_assembler.config.yaml_nodes import Problems, compose, decoded
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.text import closest


def entry(images: Sequence[Source], name: Reference, path: str) -> Source:
    """The one image in an images.yml that a name stands for.

    Args:
        images: as `images_file.parse` returns them.
        name: with the tag or digest of the entry, or without both if only one entry has that name.
        path: of the file, for messages.

    Raises:
        InvalidInputError: no image matches, or several do.
    """
    if name.tag or name.digest:
        found = [image for image in images if Reference.parse(image.text).canonical == name.canonical]
    else:
        wanted = (name.registry, name.path)
        found = [image for image in images if _repository(image) == wanted]
    if len(found) == 1:
        return found[0]
    if not found:
        known = {str(Reference.parse(image.text).with_tag("")): image.text for image in images}
        close = closest(str(name.with_tag("")), known)
        hint = f"; did you mean '{known[close]}'?" if close else ""
        raise InvalidInputError(
            f"{path}: no image '{name}' in the list{hint}",
            "Write the name as it is in the list, with or without its tag.",
        )
    listed = ", ".join(image.text for image in found)
    raise InvalidInputError(
        f"{path}: the list has {len(found)} versions of '{name}': {listed}", "Name one of them with its tag."
    )


def replaced(content: bytes, path: str, old: Source, new: str) -> bytes:
    """The content of an images.yml with another name for one image.

    Args:
        content: of the file: comments, quotes, line endings and a byte order mark stay as they are.
        path: of the file, for messages.
        old: one of its images.
        new: e.g. "cyberdojofoundation/java_junit:LSP-3.7.5-1".

    Raises:
        InvalidInputError: the new image is already in the list, or the old name is written in a way that
            cannot be edited.
    """
    problems = Problems(path)
    text = decoded(content, problems)
    images = parse(text, path).images
    canonical = Reference.parse(new).canonical
    for image in images:
        if image.index != old.index and Reference.parse(image.text).canonical == canonical:
            raise InvalidInputError(
                f"{path}:{image.line}: '{image.text}' is already in the list",
                f"Remove '{old.text}' if you no longer want it, or name another tag.",
            )
    item = _items(compose(text, problems))[old.index]
    start, end = item.start_mark.index, item.end_mark.index
    place = text.rfind(old.text, start, end)  # from the right: an anchor or a tag comes before the name
    edited = text[:place] + new + text[place + len(old.text) :] if place >= 0 else ""
    if not edited or not _is_only_change(edited, path, images, replace(old, text=new)):
        raise InvalidInputError(
            f"{path}:{old.line}: '{old.text}' is written with escapes or on several lines",
            "Write the name on one line without escapes, or change the tag by hand.",
        )
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return mark + edited.encode()


def _repository(image: Source) -> tuple[str, str]:
    reference = Reference.parse(image.text)
    return reference.registry, reference.path


def _items(root: yaml.Node | None) -> list[yaml.Node]:
    """The nodes of the image names in a valid file."""
    if isinstance(root, yaml.MappingNode):
        root = next(value for key, value in root.value if key.value == "images")
    return list(root.value) if isinstance(root, yaml.SequenceNode) else []


def _is_only_change(edited: str, path: str, images: Sequence[Source], new: Source) -> bool:
    """Whether an edited file says the same as before, except for one image."""
    try:
        found = parse(edited, path).images
    except InvalidInputError:
        return False
    return found == tuple(new if image.index == new.index else image for image in images)
