"""manifest.json: where it is, and what it says. Pure."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from lsp_assembler.model.manifest_json import ManifestSyntaxError, Places, decoded, parsed
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.text import shortened

__all__ = [
    "NAME",
    "Manifest",
    "ManifestSyntaxError",
    "UnreadableManifest",
    "manifest_paths",
    "read_manifests",
    "weight",
]

NAME = "manifest.json"
_MAX_NAME = 4096  # bytes; what Linux accepts
_PER_BYTE, _PER_VALUE = 4, 64  # bytes of memory of a manifest that was parsed
_OUTLINE = ("display_name", "image_name")
_LONGEST_SHOWN = 1000  # characters of a name that reports have room for


class Manifest(Struct, frozen=True, dict=True):
    """A manifest.json that is well-formed JSON; its values may still be anything.

    Which line a key stands in is looked up when it is first asked for: most manifests are as they should be.

    Args:
        path: relative to the index dir, e.g. "start_point/manifest.json".
        data: the top-level object; of a key that stands there twice, the last value.
        duplicate_keys: the top-level keys that stand there more than once, in file order.
        tree: everything in the index dir.
    """

    path: str
    data: Mapping[str, Any]
    duplicate_keys: tuple[str, ...]
    tree: Tree

    @classmethod
    def parse(cls, path: str, tree: Tree) -> "Manifest":
        """Read the manifest that stands at this path of this tree.

        Raises:
            KeyError: there is no such file.
            ManifestSyntaxError: it is not strict JSON, or its top level is no object.
        """
        text = decoded(tree.files[path].content)
        data, doubled = parsed(text)
        return cls(path, data, doubled, tree)

    def outline(self) -> "Manifest":
        """The same, with nothing in it but the names by which others know it; very long ones are cut."""
        found = {key: self._text(key) for key in _OUTLINE}
        names = {key: shortened(text, _LONGEST_SHOWN) for key, text in found.items() if text is not None}
        return Manifest(self.path, names, (), self.tree)

    @property
    def display_name(self) -> str | None:
        """What learners choose by, e.g. "Java 21, JUnit 5"; None where it is absent or no string."""
        return self._text("display_name")

    @property
    def image_name(self) -> str | None:
        """The same of image_name, e.g. "cyberdojofoundation/java_junit:4edf92a", be it well-formed or not."""
        return self._text("image_name")

    @property
    def language_image(self) -> Reference | None:
        """The image that image_name names; None where it is absent, or malformed by cyber-dojo's grammar.

        That grammar takes any number for a port, and has no IPv6 addresses.
        """
        try:
            reference = Reference.spelled(self.image_name or "")
        except ValueError:
            return None
        return None if reference.host.startswith("[") else reference

    def line_of(self, key: str, position: int | None = None) -> int | None:
        """The line of a top-level key, or of one element of the list under it; None where there is none."""
        if key not in self.data:
            return None
        if position is None:
            return self._places.lines[key]
        lines = self._places.element_lines.get(key, ())
        return lines[position] if position < len(lines) else None

    def resolve(self, name: str) -> str | None:
        """The path in the tree that a name beside this manifest means, e.g. "start_point/hiker.sh".

        Follows "." and ".." as a file system does: only through folders that exist. None where that leads
        nowhere or out of the tree; an absolute name leads out, and one that is too long nowhere.
        """
        if name.startswith("/") or len(name) > _MAX_NAME:
            return None
        folder = self.path.rpartition("/")[0]
        if "/" not in name and name not in (".", "..", ""):
            path = f"{folder}/{name}" if folder else name
            return path if path in self.tree.files or path in self.tree.directories else None
        parts = folder.split("/") if folder else []
        for part in name.split("/"):
            folder = "/".join(parts)
            if folder and folder not in self.tree.directories:
                return None
            if part == ".." and not parts:
                return None
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        path = "/".join(parts)
        return path if self.is_folder(path) or path in self.tree.files else None

    def is_folder(self, path: str) -> bool:
        """Whether a resolved path is a folder; "" is the tree itself."""
        return not path or path in self.tree.directories

    def file(self, name: str) -> File | None:
        """The file beside this manifest that has this name; None where there is none."""
        return self.tree.files.get(self.resolve(name) or "")

    @cached_property
    def _places(self) -> Places:
        return Places(decoded(self.tree.files[self.path].content))

    def _text(self, key: str) -> str | None:
        value = self.data.get(key)
        return value if isinstance(value, str) else None


class UnreadableManifest(Struct, frozen=True):
    """A manifest.json that is not strict JSON, or not an object: see ManifestSyntaxError."""

    path: str
    message: str
    line: int


def manifest_paths(paths: Iterable[str]) -> list[str]:
    """Those of manifests, in the order in which cyber-dojo's own checker reads them.

    That is Ruby's Dir.glob("**/manifest.json"): folder by folder, the entries of each in byte order, a
    folder in its place among its siblings; so "a/manifest.json", "a!/manifest.json", "manifest.json".
    Hidden folders are not looked into.
    """
    return sorted(filter(_is_visible_manifest, paths), key=_by_component)


def weight(content: bytes) -> int:
    """About how many bytes of memory a manifest takes once it is parsed, whatever is in it."""
    values = sum(content.count(sign) for sign in (b",", b"[", b"{"))
    return _PER_BYTE * len(content) + _PER_VALUE * values


def read_manifests(tree: Tree) -> tuple[Manifest | UnreadableManifest, ...]:
    """Every manifest of a start point, in the order of `manifest_paths`."""
    return tuple(_read_one(path, tree) for path in manifest_paths(tree.files))


def _read_one(path: str, tree: Tree) -> Manifest | UnreadableManifest:
    try:
        return Manifest.parse(path, tree)
    except ManifestSyntaxError as error:
        return UnreadableManifest(path, error.message, error.line)


def _is_visible_manifest(path: str) -> bool:
    *folders, name = path.split("/")
    return name == NAME and not any(folder.startswith(".") for folder in folders)


def _by_component(path: str) -> list[bytes]:
    return [part.encode(errors="surrogateescape") for part in path.split("/")]
