"""Do the language images exist? The rule; asking for them is `operations/language_images.py`."""

from collections.abc import Iterator

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.rules.rule import Problem, Rule


class Mention(Struct, frozen=True):
    """A manifest that names a language image, and what is known of that image.

    Args:
        path: of the file in which the name stands, e.g. "start_point/manifest.json".
        line: of the name in that file, if it is known.
        answer: the image's digest; None where there is no such image; why it is not known.
    """

    path: str
    line: int | None
    image: Reference
    answer: str | FetchError | None


def image_exists(mention: Mention) -> Iterator[Problem]:
    """The language image that a manifest names is there: without it no session starts."""
    cause = ""
    if isinstance(mention.answer, FetchError):
        error = mention.answer
        why = error.cause or error.message.removeprefix(f"{mention.image}: ")
        fact, cause = f"it cannot be verified ({why})", f"the language image cannot be verified ({why})"
    elif not mention.answer:
        fact = "its registry has no such image; publish it first"
    else:
        return
    yield Problem(f'image_name is "{mention.image}"; {fact}', mention.line, cause=cause)


RULE: Rule[Mention] = Rule("image-exists", None, "error", image_exists)
