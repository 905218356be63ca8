"""docker/image_name.json: what a checkout calls its language image, where its manifest does not say."""

import json
import re
from pathlib import Path

from lsp_assembler.checkout.reader import read_file
from lsp_assembler.errors import FetchError
from lsp_assembler.model.checkout import IMAGE_NAME_FILE
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.manifest_json import decoded, parsed
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST
from lsp_assembler.model.tree import File, Tree

_MOST = 64 * 1024
_OPENING_BRACE = re.compile(rb"\s*\{")


def language_image_name(directory: Path) -> Reference | None:
    """The image name that the file on disk gives, or None where there is no such file.

    Raises:
        FetchError: the file cannot be read, or is not `{"image_name": "a well-formed name"}`.
    """
    content = read_file(directory, IMAGE_NAME_FILE, _MOST)
    return None if content is None else parse(content, directory)


def parse(content: bytes, directory: Path) -> Reference:
    """The image name in the content of the file.

    Args:
        directory: the checkout, for messages.

    Raises:
        FetchError: it is not `{"image_name": "a well-formed name"}`.
    """
    try:
        found, _ = parsed(decoded(content[: _MOST + 1]))
    except ManifestSyntaxError as error:
        raise _names_no_image(directory, f"not valid: {error.message}", error.line) from error
    name = found.get("image_name")
    if not isinstance(name, str):
        raise _names_no_image(directory, "it has no image_name that is a string")
    try:
        return Reference.parse(name)
    except ValueError as error:
        raise _names_no_image(directory, str(error)) from error


def completed(tree: Tree, name: Reference | None) -> Tree:
    """The tree with image_name filled in, if its manifest has none; in the first line, so lines stay true.

    Args:
        name: what docker/image_name.json says.
    """
    file = tree.files.get(MANIFEST)
    opening = _OPENING_BRACE.match(file.content) if file else None
    if name is None or file is None or opening is None or not _lacks_image_name(tree):
        return tree
    key = b' "image_name": ' + json.dumps(str(name)).encode() + b","
    content = file.content[: opening.end()] + key + file.content[opening.end() :]
    return tree.joined(Tree.of({MANIFEST: File(content, file.executable)}))


def _names_no_image(directory: Path, fact: str, line: int | None = None) -> FetchError:
    place = f"{directory / IMAGE_NAME_FILE}:{line}" if line else str(directory / IMAGE_NAME_FILE)
    return FetchError(
        f'{place}: {fact}; expected {{"image_name": "NAME"}}', "Correct the file.", kind="unreadable"
    )


def _lacks_image_name(tree: Tree) -> bool:
    try:
        manifest = Manifest.parse(MANIFEST, tree)
    except ManifestSyntaxError:
        return False
    return bool(manifest.data) and "image_name" not in manifest.data
