"""What images that run as services say of themselves."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.address import web_address
from lsp_assembler.model.labels import (
    BASE_DIGEST_LABEL,
    BASE_NAME_LABEL,
    CREATED_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    START_POINT_LABEL,
)
from lsp_assembler.model.language import Service
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.language_versions import age_in_days
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource

_REVISION = "SHA"
"""The variable by which cyber-dojo's own services tell their commit; a start-points image has its base's."""


def services_of(
    store: ImageSource, subject: str | None, others: Sequence[str], jobs: int | None, today: date
) -> tuple[Service, ...]:
    """What services say of themselves, all asked at once; one that cannot be read is a value.

    Args:
        subject: the image that the report is about, if it is known; it comes first.
    """

    def ask(name: str) -> Service:
        try:
            found = _service(store, Reference.parse(name), today)
        except FetchError as error:
            if name == subject and error.kind == "not-found":
                return Service(name, is_subject=True, is_absent=True)
            found = Service(name, problem=str(error))
        return replace(found, is_subject=name == subject)

    names = list(dict.fromkeys([*([subject] if subject else []), *others]))
    store.expect([Reference.parse(name) for name in names])
    return tuple(in_parallel(ask, names, jobs or store.jobs))


def _service(store: ImageSource, reference: Reference, today: date) -> Service:
    said = store.describe(reference)
    image = store.base(reference)
    is_start_points = START_POINT_LABEL in said.labels
    # What an image says of its own date counts less than when it was made: a base's label is inherited.
    created = said.made or said.labels.get(CREATED_LABEL)
    return Service(
        str(reference),
        digest=said.digest,
        created=created,
        age=age_in_days(created, today),
        revision=said.labels.get(REVISION_LABEL, "" if is_start_points else image.env.get(_REVISION, "")),
        source=web_address(said.labels.get(SOURCE_LABEL, "")),
        base_name=said.labels.get(BASE_NAME_LABEL, ""),
        base_digest=said.labels.get(BASE_DIGEST_LABEL, ""),
        platforms=tuple(image.platforms),
    )
