"""What the service serves: start points with where they are from."""

from collections.abc import Sequence

from msgspec import Struct

from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import Tree


class ServedStartPoint(Struct, frozen=True):
    """One start point as the service takes it up.

    Args:
        place: its index dir, e.g. "0"; the subject of messages.
        sha: the commit it was packed from; its digest where nobody knows; "" where that is not known either.
        url: the repository it was packed from, or the name of its image; "" where nobody knows.
        tree: its files, e.g. "start_point/manifest.json".
    """

    place: str
    sha: str
    url: str
    tree: Tree


class Served(Struct, frozen=True):
    """All start points that a source holds now, in the order in which cyber-dojo's own service reads them."""

    type: StartPointType
    start_points: Sequence[ServedStartPoint]
