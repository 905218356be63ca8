"""What a service asks registries about language images, so that a policy can be applied to what it serves."""

from collections.abc import Sequence
from datetime import date

from lsp_assembler.config.images_file import load
from lsp_assembler.errors import FetchError
from lsp_assembler.model.policy import LanguageImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.facts import Facts, Wanted
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.serve import ServeRequest, SourceKind, kind_of
from lsp_assembler.stores.open import Stores

_JOBS = 16  # at a time: nobody is waiting for these, and requests come first


def facts_of(
    request: ServeRequest,
    images: Sequence[Reference],
    wanted: Wanted,
    today: date,
    observer: Observer = SILENT,
) -> list[LanguageImage | FetchError]:
    """What registries say of each image, in their order; where one fails, why it is not known.

    Nothing stays open or in memory afterwards.

    Args:
        request: says how registries are reached.
        today: in UTC.

    Raises:
        LspAssemblerError: the images.yml that is served is invalid: it says how registries are reached; or
            there is no cache, and nothing else may be asked.
    """
    is_list = kind_of(request.sources) is SourceKind.LIST
    registries = load(request.sources[0]).registries if is_list else {}
    with Stores(request.stores, request.environ, observer.notice, registries) as stores:
        jobs = request.jobs or _JOBS
        facts = Facts(stores.language_images, stores.settled, stores.registries, jobs)
        return facts.of(images, wanted, today)
