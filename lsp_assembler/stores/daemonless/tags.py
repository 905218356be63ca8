"""Tags of images that are documents and blobs: moved all together or, as far as possible, not at all."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore

Move = Callable[[Reference, str | None, str, bytes], None]
"""Has a name stand for a document: (name, digest that it has had until now, media type, document)."""


@contextlib.contextmanager
def moving_tags(contents: ContentStore) -> Iterator[Move]:
    """What moves tags; if the context ends in an error or a signal, they are put back.

    Tags have no transactions: for a moment, others may see the new ones.
    """
    tried: list[tuple[Reference, str]] = []

    def move(name: Reference, before: str | None, media_type: str, data: bytes) -> None:
        # One that fails may have moved all the same: perhaps only the answer was lost.
        tried.extend([(name, before)] if before else [])
        contents.put_manifest(name, media_type, data)

    try:
        yield move
        contents.commit()
    except BaseException:
        for name, before in reversed(tried):
            with contextlib.suppress(FetchError, PublishError):  # the first failure is the one to tell
                document = contents.manifest(name.with_digest(before))
                contents.put_manifest(name, document.media_type, document.data)
        raise


def tag(contents: ContentStore, pairs: Sequence[tuple[Reference, Reference]]) -> None:
    """Give images further names; nothing but the document is sent. What has its name already is left alone.

    Args:
        pairs: an image and its further name each; in a registry both are of one repository.

    Raises:
        PublishError: an image cannot be read, or a name not be given; the names that have moved then are, as
            far as a registry lets us, what they were.
    """
    try:
        with moving_tags(contents) as move:
            for image, name in pairs:
                before = contents.digest(name)
                document = contents.manifest(image)
                if document.digest != before:
                    move(name, before, document.media_type, document.data)
    except FetchError as error:
        raise PublishError(error.message, error.remedy) from error
