"""Manifests as such: is there one, can it be read, and has another one the same name?"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lsp_assembler.model.manifest import NAME, Manifest, UnreadableManifest, manifest_paths
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import listed, quoted

MOST_NAMESAKES = 10
"""That a finding names: each of thousands must not name all others."""


class Namesakes(Struct, frozen=True):
    """One of several manifests with the same display_name.

    Args:
        manifest: the one that the finding is for.
        others: what the first of the others are called, e.g. ("acme/java:LSP (images.yml, line 9)",).
        count: how many others there are.
    """

    manifest: Manifest
    others: Sequence[str]
    count: int


def has_manifest(start_point: StartPoint) -> Iterator[Problem]:
    """A start point has at least one manifest.json, and each is a file; hidden folders are not searched."""
    tree = start_point.tree
    bad = manifest_paths(tree.directories)
    for path in bad:
        yield Problem(f"{quoted(path)} is a folder; it must be a file")
    if not bad and not start_point.all_manifests:
        found = f"it holds {listed(list(tree.files))}" if tree.files else "it is empty"
        yield Problem(f"the start point has no {NAME} ({found}); it must have at least one")


def json_syntax(manifest: UnreadableManifest) -> Iterator[Problem]:
    """manifest.json is strict JSON (RFC 8259) in UTF-8, and an object.

    No comments, no trailing commas, no NaN, no byte order mark, no half of a surrogate pair.
    """
    yield Problem(f"{NAME} is not valid: {manifest.message}; it must be a JSON object", manifest.line)


def duplicate_keys(manifest: Manifest) -> Iterator[Problem]:
    """No key stands twice at the top level; escapes do not make a key another one."""
    for key in manifest.duplicate_keys:
        message = f"key {quoted(key)} is there more than once; each key must be there once"
        yield Problem(message, manifest.line_of(key))


def display_name_unique(namesakes: Namesakes) -> Iterator[Problem]:
    """No two manifests of the collection share a display_name: a learner could not tell them apart."""
    name, more = quoted(namesakes.manifest.display_name), namesakes.count - len(namesakes.others)
    others = f"{', '.join(namesakes.others)}{f' and {more:,} more' if more else ''}"
    message = f"display_name is {name}, as in {others}; it must be unique"
    yield Problem(message, namesakes.manifest.line_of("display_name"))
