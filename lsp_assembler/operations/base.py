"""The base image, looked for while the start points are read."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.plan import Plan
from lsp_assembler.parallel import in_background
from lsp_assembler.stores.interface import Prepared, Store


def find_base(
    store: Store, planned: Plan, name: Reference, names: Sequence[Reference] = ()
) -> "Future[Prepared | FetchError]":
    """Begin to prepare the base image, as the plan reads it; the result waits for it.

    That there is none is a value: the sources are reported all the same.

    Args:
        name: of the base image, as the user wrote it.
        names: what the built image will be called.
    """
    reference = planned.reference(str(name))

    def find() -> Prepared | FetchError:
        try:
            found = store.prepare(reference, names)
        except FetchError as error:
            return error
        digest = planned.digests.get(str(name)) or found.base.digest
        return replace(
            found, base=replace(found.base, name=str(name), digest=digest, reference=str(reference))
        )

    return in_background(find)
