"""Asks whether the language images exist that manifests name."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec.structs import replace

from lsp_assembler import rules
from lsp_assembler.errors import FetchError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.reference import Reference
from lsp_assembler.parallel import in_parallel
from lsp_assembler.rules.language_images import Mention


class Lookup(Protocol):
    """Where language images are looked up. Threads may share it."""

    def expect(self, references: Sequence[Reference], /) -> None:
        """Told which images are going to be looked up."""

    def digest(self, reference: Reference, /) -> str | None:
        """The digest behind a name; None where there is no such image; raises FetchError."""


def verify_images(assembly: Assembly, lookup: Lookup, jobs: int) -> Assembly:
    """The assembly with a further finding for each manifest whose language image is not there.

    A malformed image_name is not asked for: a rule has told of it already.

    Args:
        lookup: each image is asked for once.
        jobs: how many are asked for at the same time.
    """
    named = list(assembly.language_images)
    answers = look_up([image for _, _, image in named], lookup, jobs)
    mentions = [
        (
            outcome.source.index,
            Mention(*outcome.place_of_image_name(manifest), image, answers[image.canonical]),
        )
        for outcome, manifest, image in named
    ]
    return replace(assembly, findings=(*assembly.findings, *rules.check_language_images(mentions)))


def look_up(images: Iterable[Reference], lookup: Lookup, jobs: int) -> dict[str, str | FetchError | None]:
    """What is known of images, by their canonical names: the digest, None where there is none, or why not.

    The other arguments are those of `verify_images`.
    """
    unique = {image.canonical: image for image in images}

    def ask(image: Reference) -> str | FetchError | None:
        try:
            return lookup.digest(image)
        except FetchError as error:
            return error

    lookup.expect(list(unique.values()))
    return dict(zip(unique, in_parallel(ask, unique.values(), jobs), strict=True))
