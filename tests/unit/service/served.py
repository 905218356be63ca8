"""What the tests of the service share: start points as values."""

import json
from typing import Any

from lsp_assembler.model.served import Served, ServedStartPoint
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.service.catalog import Catalog, catalog_of
from lsp_assembler.service.kept import Kept


def point(place: str, display_name: Any, url: str = "", sha: str = "", **keys: Any) -> ServedStartPoint:
    """A start point with one file; of its keys, None leaves one out."""
    body = {"display_name": display_name, "visible_filenames": ["hiker.txt"], "filename_extension": ".txt"}
    manifest = {key: value for key, value in {**body, **keys}.items() if value is not None}
    files = {
        "start_point/manifest.json": File(json.dumps(manifest).encode()),
        "start_point/hiker.txt": File(b"42\n"),
    }
    return ServedStartPoint(place, sha, url, Tree.of(files))


def served(*points: ServedStartPoint, type_: StartPointType = StartPointType.LANGUAGES) -> Served:
    return Served(type_, points)


def catalog(*points: ServedStartPoint) -> Catalog:
    return catalog_of(served(*points))


def kept(*points: ServedStartPoint) -> Kept:
    return Kept(catalog(*points))
