"""The base image, looked for while the start points are read."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from msgspec.structs import replace

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.plan import Plan
from lsp_assembler.parallel import in_background

Found = TypeVar("Found")


def find_base(find: Callable[[], Found]) -> "Future[Found | FetchError]":
    """Begin to look for the base image; the result waits for it.

    That there is none is a value: the sources are reported all the same.

    Args:
        find: raises FetchError where there is none.
    """

    def found() -> Found | FetchError:
        try:
            return find()
        except FetchError as error:
            return error

    return in_background(found)


def named(base: BaseImage, name: Reference, planned: Plan) -> BaseImage:
    """A base that was read as the plan reads it, by the name that the user wrote, as everything shows it."""
    digest = planned.digests.get(str(name)) or base.digest
    reference = str(planned.reference(str(name)))
    return replace(base, name=str(name), digest=digest, reference=reference)
