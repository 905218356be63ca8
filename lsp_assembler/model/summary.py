"""The names in the manifests of a tree, whether they keep the rules or not."""

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_assembler.model.manifest import NAME, Manifest, ManifestSyntaxError
from lsp_assembler.model.tree import Tree


@dataclass(frozen=True, slots=True)
class Summary:
    """The two names in a manifest; None for one that is absent or no string.

    Args:
        path: in its index dir, e.g. "start_point/manifest.json".
        display_name: e.g. "Java 21, JUnit 5".
        image_name: e.g. "cyberdojofoundation/java_junit:4edf92a".
    """

    path: str
    display_name: str | None
    image_name: str | None


def summaries(tree: Tree) -> tuple[Summary, ...]:
    """Every manifest.json that is a JSON object, by path; hidden folders are not looked into."""
    return tuple(
        Summary(path, _string(found, "display_name"), _string(found, "image_name"))
        for path in tree.files
        if _is_manifest(path) and (found := _object(path, tree)) is not None
    )


def _is_manifest(path: str) -> bool:
    *folders, name = path.split("/")
    return name == NAME and not any(folder.startswith(".") for folder in folders)


def _object(path: str, tree: Tree) -> Mapping[str, object] | None:
    try:
        return Manifest.parse(path, tree).data
    except ManifestSyntaxError:
        return None


def _string(found: Mapping[str, object], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) else None
