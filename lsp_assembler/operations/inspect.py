"""`inspect`: what a start-points image serves."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from lsp_assembler.operations.inspection import REPOS, inspection, room_for_all
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import reference
from lsp_assembler.operations.request import ReadRequest
from lsp_assembler.stores.open import Stores, StoreSpec


class InspectRequest(ReadRequest, frozen=True, kw_only=True):
    """What to inspect, and how.

    Args:
        image: a start-points image, e.g. "cyberdojo/languages-start-points:4edf92a".
        stores: its limits do not count: an image holds many start points.
    """

    image: str


def inspect(request: InspectRequest, observer: Observer = SILENT) -> Mapping[str, Mapping[str, Any]]:
    """What an image serves: each display_name with its url, sha and image_name.

    Returns:
        e.g. {"Java 21, JUnit 5": {"url": "https://…", "sha": "edf2565…", "image_name": "…:edf2565"}}.

    Raises:
        InvalidInputError: the request is wrong.
        FetchError: the image cannot be read, or is no start-points image.
    """
    spec = StoreSpec.source(request.from_store)
    name = reference(request.image, "inspect")
    options = replace(request.stores, limits=room_for_all())
    with Stores(options, request.environ, observer.notice) as stores:
        return inspection(stores.reader(spec).read(name, REPOS), request.image)
