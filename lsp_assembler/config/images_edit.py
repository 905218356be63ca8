"""Changing images of an images.yml, or adding some; every other byte stays as it is. Pure."""

import codecs
import re
from collections.abc import Sequence

import yaml
from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.config.images_file import ImagesFile, parse
from lsp_assembler.config.yaml_nodes import Problems, compose, decoded
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import Source
from lsp_assembler.text import closest

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as YAML 1.1 has them
_DASH = re.compile(r" *- +")


class Edit(Struct, frozen=True):
    """What happens to one image.

    Args:
        entry: the image, as the file has it.
        new: the other name, e.g. "cyberdojofoundation/java_junit:LSP-3.7.5-1".
        keep: whether the image stays, and the new one comes right after it.
    """

    entry: Source
    new: str
    keep: bool = False


def matching(images: Sequence[Source], name: Reference) -> list[Source]:
    """The images that a name stands for: those that have it; if there are none, those whose name ends so.

    Args:
        images: as `images_file.parse` returns them.
        name: whole or its last part, e.g. "java_junit"; with the tag or digest of the entry, or without.
    """
    found = [(image, Reference.parse(image.text)) for image in images]
    whole = [each for each in found if repository_of(each[1]) == repository_of(name)]
    short = [each for each in found if each[1].name.endswith(f"/{name.name}")]
    return [
        image
        for image, reference in whole or short
        if not (name.tag or name.digest) or _version(reference) == _version(name)
    ]


def _version(reference: Reference) -> str:
    return reference.digest.lower() or reference.tag or "latest"


def near(images: Sequence[Source], name: Reference) -> str:
    """The image whose name, or its last part, is close to a name, as the file has it; "" if none is."""
    known: dict[str, str] = {}
    for image in images:
        whole = Reference.parse(image.text).name
        known |= {whole: image.text, whole.rpartition("/")[2]: image.text}
    return known.get(closest(name.name, known), "")


def entry(images: Sequence[Source], name: Reference, path: str) -> Source:
    """The one image in an images.yml that a name stands for. The arguments are those of `matching`.

    Args:
        path: of the file, for messages.

    Raises:
        InvalidInputError: no image matches, or several do.
    """
    found = matching(images, name)
    if len(found) == 1:
        return found[0]
    if not found:
        close = near(images, name)
        hint = f"; did you mean '{close}'?" if close else ""
        raise InvalidInputError(
            f"{path}: no image '{name}' in the list{hint}",
            "Write the name as it is in the list, or its last part, with or without the tag.",
        )
    listed = ", ".join(image.text for image in found)
    if len({Reference.parse(image.text).name for image in found}) > 1:
        raise InvalidInputError(
            f"{path}: '{name}' may be any of {len(found)} images: {listed}", "Write more of the name."
        )
    raise InvalidInputError(
        f"{path}: the list has {len(found)} versions of '{name}': {listed}", "Name one of them with its tag."
    )


def edited(content: bytes, path: str, edits: Sequence[Edit]) -> bytes:
    """The content of an images.yml with other names for some images, or with more images.

    Args:
        content: of the file: comments, quotes, line endings and a byte order mark stay as they are.
        path: of the file, for messages.
        edits: at most one for each image.

    Raises:
        InvalidInputError: a new image is already in the list, or a name is written in a way that cannot be
            edited; lists every problem.
    """
    problems = Problems(path)
    text = decoded(content, problems)
    before = parse(text, path)
    _refuse_twice(before.images, edits, path)
    items = _items(compose(text, problems))
    made = _applied(text, items, edits)
    if not _says(made, path, before, edits):
        wrong = [each for each in edits if not _says(_applied(text, items, [each]), path, before, [each])]
        raise InvalidInputError(
            [
                f"{path}:{each.entry.line}: '{each.entry.text}' is written with escapes or on several lines"
                for each in wrong or edits
            ],
            "Write the name on one line without escapes, or change the file by hand.",
        )
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return mark + made.encode()


def _refuse_twice(images: Sequence[Source], edits: Sequence[Edit], path: str) -> None:
    """No image may be in the list twice."""
    problems: list[str] = []
    replaced = {each.entry.index for each in edits if not each.keep}
    known = {
        Reference.parse(image.text).canonical: f"{path}:{image.line}: '{image.text}' is already in the list"
        for image in images
        if image.index not in replaced
    }
    for each in edits:
        canonical = Reference.parse(each.new).canonical
        twice = f"{path}:{each.entry.line}: '{each.new}' would be in the list twice"
        if canonical in known:
            problems.append(known[canonical] or twice)
        known[canonical] = ""
    if problems:
        old = edits[0].entry.text
        remedy = f"Remove '{old}' if you no longer want it, or name another tag."
        raise InvalidInputError(problems, remedy if len(edits) == 1 else "Name fewer images.")


def _applied(text: str, items: Sequence[yaml.Node], edits: Sequence[Edit]) -> str:
    """The text after all edits; from its end, so that the places of the others stay what they are."""
    for each in sorted(edits, key=lambda each: each.entry.index, reverse=True):
        item = items[each.entry.index]
        start, end = item.start_mark.index, item.end_mark.index
        place = text.rfind(each.entry.text, start, end)  # from the right: an anchor or a tag comes before it
        if place < 0:
            continue
        after = place + len(each.entry.text)
        if not each.keep:
            text = text[:place] + each.new + text[after:]
            continue
        quote = text[after] if text[after : after + 1] in ("'", '"') else ""
        text = _with_another(text, start, after + len(quote), f"{quote}{each.new}{quote}")
    return text


def _with_another(text: str, start: int, end: int, item: str) -> str:
    """The text with one more item of a list, after the one that begins and ends there."""
    line = max((found.end() for found in _BREAK.finditer(text, 0, start)), default=0)
    if not _DASH.fullmatch(text, line, start):
        return f"{text[:end]}, {item}{text[end:]}"  # the list is written in brackets
    ending = _BREAK.search(text, end)
    if ending:
        return f"{text[: ending.end()]}{text[line:start]}{item}{ending[0]}{text[ending.end() :]}"
    before = _BREAK.search(text)
    return f"{text}{before[0] if before else chr(10)}{text[line:start]}{item}"


def _items(root: yaml.Node | None) -> list[yaml.Node]:
    """The nodes of the image names in a valid file."""
    if isinstance(root, yaml.MappingNode):
        root = next(value for key, value in root.value if key.value == "images")
    return list(root.value) if isinstance(root, yaml.SequenceNode) else []


def _says(made: str, path: str, before: ImagesFile, edits: Sequence[Edit]) -> bool:
    """Whether an edited file lists what it should, in its order, and says nothing else than before."""
    try:
        found = parse(made, path)
    except InvalidInputError:
        return False
    changes = {each.entry.index: each for each in edits}
    wanted: list[str] = []
    for image in before.images:
        change = changes.get(image.index)
        wanted += [image.text] if change is None or change.keep else []
        wanted += [change.new] if change else []
    others = [replace(each, images=()) for each in (found, before)]
    return [image.text for image in found.images] == wanted and others[0] == others[1]
