"""The corpus: the start points that cyber-dojo's public repositories hold, as real input for tests.

Every manifest.json is the real one; the other files have their real path, size and mode, and filler
text for content. The folder is not part of this repository: LSP_CORPUS names it, and what needs the
corpus is skipped where it is absent.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests import ROOT
from tests.services.image import Image, layer
from tests.services.registry import Registry

_FOLDER = ROOT.parent / "shared/corpus"
_MANIFEST = "start_point/manifest.json"
_FILLER = "The answer to life, the universe and everything.\n"
_CREATED = "2026-11-01T00:00:00Z"


@dataclass(frozen=True)
class CorpusStartPoint:
    """One start point.

    Args:
        name: of its repository, e.g. "java-junit".
        files: content and mode by path, e.g. {"start_point/manifest.json": (b"{…", 0o664)}.
    """

    name: str
    files: dict[str, tuple[bytes, int]]

    @cached_property
    def manifest(self) -> dict[str, object]:
        """Its manifest.json."""
        found: dict[str, object] = json.loads(self.files[_MANIFEST][0])
        return found

    @property
    def image_name(self) -> str:
        """The language image, e.g. "ghcr.io/cyber-dojo-languages/java_junit:7aa5992"."""
        return str(self.manifest["image_name"])

    @property
    def repository(self) -> str:
        """The language image without host and tag, e.g. "cyber-dojo-languages/java_junit"."""
        name = self.image_name.rpartition(":")[0] or self.image_name
        first, slash, rest = name.partition("/")
        return rest if slash and "." in first else name

    @property
    def tag(self) -> str:
        """The language image's tag, e.g. "7aa5992"; "latest" if it has none."""
        return self.image_name.partition(":")[2] or "latest"

    @property
    def revision(self) -> str:
        """A commit of 40 hex digits: made up, but the same in every run."""
        return hashlib.sha1(self.name.encode()).hexdigest()

    @property
    def source(self) -> str:
        """The repository it would have been packed from."""
        return f"https://github.com/cyber-dojo-start-points/{self.name}"

    def lsp_image(self) -> Image:
        """Its LSP image, as `pack` makes it: nothing but start_point/, and whatever says where it is from."""
        labels = {
            "org.opencontainers.image.created": _CREATED,
            "org.opencontainers.image.revision": self.revision,
            "org.opencontainers.image.source": self.source,
            "org.opencontainers.image.title": str(self.manifest["display_name"]),
            "org.opencontainers.image.version": self.tag,
            "org.cyber-dojo.lsp.image-name": self.image_name,
        }
        return Image((layer(self.files),), labels, format="oci", annotations=labels)

    def publish(self, registry: Registry) -> str:
        """Put its LSP image into a registry; returns the name, e.g. "127.0.0.1:5000/x/java_junit:LSP"."""
        registry.put_image(self.repository, "LSP", self.lsp_image())
        return f"{registry.host}/{self.repository}:LSP"

    def write(self, folder: Path) -> None:
        """Write its files below a folder, which then is an LTF checkout without a docker/ of its own."""
        for path, (content, mode) in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(mode)


def corpus_folder() -> Path | None:
    """Where the corpus is, None if it is absent."""
    folder = Path(os.environ.get("LSP_CORPUS") or _FOLDER)
    return folder if (folder / "files.tsv").is_file() else None


def load_corpus(folder: Path) -> Iterator[CorpusStartPoint]:
    """All start points of a corpus, by name."""
    files: dict[str, dict[str, tuple[bytes, int]]] = {}
    with (folder / "files.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            name, path, size = row["start_point"], row["path"], int(row["bytes"])
            real = folder / f"manifests/{name}.json"
            content = real.read_bytes() if path == _MANIFEST else filler(size)
            files.setdefault(name, {})[path] = (content, int(row["mode"], 8))
    return (CorpusStartPoint(name, files[name]) for name in sorted(files))


def filler(size: int) -> bytes:
    """Text of exactly this many bytes."""
    return (_FILLER * (size // len(_FILLER) + 1)).encode()[:size]
