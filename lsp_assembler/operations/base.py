"""The base image, looked for while the start points are read."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from msgspec.structs import replace

from lsp_assembler.config.images_file import NO_BASE
from lsp_assembler.errors import FetchError
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.plan import Plan
from lsp_assembler.parallel import in_background
from lsp_assembler.stores.interface import Prepared

Found = TypeVar("Found", bound=BaseImage | Prepared)


def find_base(
    find: Callable[[], Found], about: Callable[[FetchError], FetchError]
) -> "Future[Found | FetchError]":
    """Begin to look for the base image; the result waits for it.

    That there is none is a value: the sources are reported all the same.

    Args:
        find: raises FetchError where there is none.
        about: adds to the error where the base is named: see `about_base`.
    """

    def found() -> Found | FetchError:
        try:
            result = find()
        except FetchError as error:
            return about(error)
        base = result.base if isinstance(result, Prepared) else result
        return about(no_base(base.name)) if base.is_lsp else result

    return in_background(found)


def no_base(name: str) -> FetchError:
    """Why nothing can be built on an LSP image."""
    return FetchError(f"{name}: {NO_BASE}", "Name another image.", kind="not-found")


def about_base(planned: Plan, chosen: str | None) -> Callable[[FetchError], FetchError]:
    """What makes an error of a base say that it is the base, and where it is named.

    Args:
        chosen: what --base names.
    """
    file, path = planned.file, planned.path
    remedy = ""
    if chosen:
        place = "--base: "
    elif file and file.base:
        place, remedy = (
            f"{path}:{file.base_line}: base: ",
            f"Correct 'base:' in {path}, or publish the image first.",
        )
    elif file:
        place = f"base (the default, as {path} names none): "
    else:
        place = "base (the default): "

    def about(error: FetchError) -> FetchError:
        instead = error.kind == "not-found" and remedy
        message = f"{place}{error.message}".split("\n")
        return FetchError(message, instead or error.remedy, kind=error.kind, cause=error.cause)

    return about


def failure(error: FetchError) -> Failure:
    """An error of a base as a value of the run's result."""
    return Failure(error.kind, str(error), error.cause)


def named(base: BaseImage, name: Reference, planned: Plan) -> BaseImage:
    """A base that was read as the plan reads it, by the name that the user wrote, as everything shows it."""
    digest = planned.digests.get(str(name)) or base.digest
    reference = str(planned.reference(str(name)))
    return replace(base, name=str(name), digest=digest, reference=reference)
