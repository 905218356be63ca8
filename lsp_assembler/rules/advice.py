"""Warnings: what cyber-dojo's own checker does not look at. They never change the verdict."""

from collections.abc import Iterator
from typing import Any

from lsp_assembler.model.manifest import NAME, Manifest
from lsp_assembler.model.start_point import SHA, URL, StartPoint
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import listed, quoted

_ASIDE = ("readme", "license", "licence", "copying", "notice", "changelog", "version")
_OF_IMAGE_BUILDER = ("options.json", "options.json.readme", "red_amber_green.rb")
"""What cyber-dojo's image builder reads: an LTF's CI needs these, though no manifest names them."""


def image_name_tagged(manifest: Manifest) -> Iterator[Problem]:
    """image_name has a tag other than latest, or a digest: else a session's image changes under it."""
    image = manifest.language_image
    if image and not image.digest and image.tag in ("", "latest"):
        expectation = "it should have a tag that never moves, such as the first 7 characters of a commit"
        yield Problem(f"image_name is {quoted(str(image))}; {expectation}", manifest.line_of("image_name"))


def lsp_image_only_start_point(start_point: StartPoint) -> Iterator[Problem]:
    """An LSP image holds nothing but /start_point: all else is downloaded for nothing."""
    if start_point.strays:
        message = f"the image also holds {listed(start_point.strays)}; it should hold only /start_point"
        yield Problem(message)


def unlisted_files(start_point: StartPoint) -> Iterator[Problem]:
    """Every file is named by a manifest; README, licence, version, hidden and image builder's files aside.

    What a manifest names that cannot be read is not known, and so not looked at.
    """
    manifests = start_point.manifests
    if not manifests or len(manifests) < len(start_point.all_manifests):
        return
    named = {path for manifest in manifests for path in _named(manifest)}
    unlisted = [path for path in start_point.tree.files if path not in named and not _is_aside(path)]
    if unlisted:
        yield Problem(f"no manifest names {listed(unlisted)}; list such files or remove them")


def _named(manifest: Manifest) -> Iterator[str]:
    visible: Any = manifest.data.get("visible_filenames")
    for name in (*(visible if isinstance(visible, list) else ()), manifest.data.get("rag_lambda")):
        path = manifest.resolve(name) if isinstance(name, str) else None
        if path:
            yield path


def _is_aside(path: str) -> bool:
    name = path.rpartition("/")[2]
    hidden = any(part.startswith(".") for part in path.split("/"))
    return hidden or name in (NAME, SHA, URL, *_OF_IMAGE_BUILDER) or name.lower().startswith(_ASIDE)
