"""Rules about where manifests are, whether they can be read at all, and what they are like together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_assembler.model.manifest import NAME, Manifest, ManifestSyntaxError
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.model.tree import Tree
from lsp_assembler.rules.rule import Problem, listed, quoted


@dataclass(frozen=True, slots=True)
class Namesakes:
    """One of several manifests with the same display_name.

    Args:
        manifest: the one that the finding is for.
        places: of all of them, e.g. ("0/start_point/manifest.json", "3/start_point/manifest.json").
    """

    manifest: Manifest
    places: Sequence[str]


def manifest_paths(tree: Tree) -> list[str]:
    """Where the manifests are, in the order in which cyber-dojo's own checker reads them.

    That is Ruby's Dir.glob("**/manifest.json"): folder by folder, the entries of each in byte order, a
    folder in its place among its siblings; so "a/manifest.json", "a!/manifest.json", "manifest.json".
    """
    return sorted(filter(_is_visible_manifest, tree.files), key=_by_component)


def _is_visible_manifest(path: str) -> bool:
    *folders, name = path.split("/")
    return name == NAME and not any(folder.startswith(".") for folder in folders)


def _by_component(path: str) -> list[bytes]:
    return [part.encode(errors="surrogateescape") for part in path.split("/")]


def has_manifest(start_point: StartPoint) -> Iterator[Problem]:
    """A start point has at least one manifest.json, and each is a file; hidden folders are not searched."""
    tree = start_point.tree
    bad = [("a folder", path) for path in tree.directories if _is_visible_manifest(path)]
    bad += [
        ("a link that leads to no file of the start point", path)
        for path in tree.links
        if _is_visible_manifest(path)
    ]
    for fact, path in sorted(bad, key=lambda pair: _by_component(pair[1])):
        yield Problem(f"{quoted(path)} is {fact}; it must be a file")
    if not bad and not manifest_paths(tree):
        found = f"it holds {listed(list(tree.files))}" if tree.files else "it is empty"
        yield Problem(f"the start point has no {NAME} ({found}); it must have at least one")


def json_syntax(error: ManifestSyntaxError) -> Iterator[Problem]:
    """manifest.json is strict JSON (RFC 8259) in UTF-8, and an object.

    No comments, no trailing commas, no NaN, no byte order mark, no half of a surrogate pair.
    """
    yield Problem(f"{NAME} is not valid: {error.message}; it must be a JSON object", error.line)


def duplicate_keys(manifest: Manifest) -> Iterator[Problem]:
    """No key stands twice at the top level; escapes do not make a key another one."""
    for key in manifest.duplicate_keys:
        message = f"key {quoted(key)} is there more than once; each key must be there once"
        yield Problem(message, manifest.line_of(key))


def display_name_unique(namesakes: Namesakes) -> Iterator[Problem]:
    """No two manifests of the collection share a display_name: a learner could not tell them apart."""
    name = quoted(namesakes.manifest.data["display_name"])
    places = ", ".join(quoted(place) for place in namesakes.places)
    message = f"display_name is {name} in {len(namesakes.places)} manifests; it must be unique: {places}"
    yield Problem(message, namesakes.manifest.line_of("display_name"))
