"""The start points of a suite: the corpus, or as many made from it as are asked for."""

import json
from collections.abc import Sequence
from dataclasses import replace

from tests.corpus import CorpusStartPoint

_MANIFEST = "start_point/manifest.json"


def start_points(corpus: Sequence[CorpusStartPoint], number: int) -> tuple[CorpusStartPoint, ...]:
    """The corpus, over and over, each with a name and a language image of its own.

    Args:
        number: how many; 0 for the corpus as it is.
    """
    if number == 0:
        return tuple(corpus)
    return tuple(_numbered(corpus[index % len(corpus)], index) for index in range(number))


def _numbered(original: CorpusStartPoint, index: int) -> CorpusStartPoint:
    name = f"{original.name}-{index}"
    manifest = {
        **original.manifest,
        "display_name": f"{original.manifest['display_name']} {index}",
        "image_name": f"bench/lsp-{index}:{index:07x}",
    }
    _, mode = original.files[_MANIFEST]
    files = {**original.files, _MANIFEST: (json.dumps(manifest, indent=2).encode(), mode)}
    return replace(original, name=name, files=files)
