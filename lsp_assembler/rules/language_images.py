"""Do the language images exist? The rule; asking for them is `operations/language_images.py`."""

from collections.abc import Iterator

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.reference import Reference
from lsp_assembler.rules.rule import Problem, Rule


class Mention(Struct, frozen=True):
    """A manifest that names a language image, and what is known of that image.

    Args:
        answer: the image's digest; None where there is no such image; why it is not known.
    """

    manifest: Manifest
    image: Reference
    answer: str | FetchError | None


def image_exists(mention: Mention) -> Iterator[Problem]:
    """The language image that a manifest names is there: without it no session starts."""
    if isinstance(mention.answer, FetchError):
        fact = f"it cannot be verified ({mention.answer.message})"
    elif not mention.answer:
        fact = "its registry has no such image; publish it first"
    else:
        return
    yield Problem(f'image_name is "{mention.image}"; {fact}', mention.manifest.line_of("image_name"))


RULE: Rule[Mention] = Rule("image-exists", None, "error", image_exists)
