"""What the user of a name that led nowhere may have meant."""

from collections.abc import Sequence
from pathlib import Path

from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import MOVING_TAG, is_lsp_tag
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.text import named

_MAY_BE_ANOTHER = ("not-found", "no-start-point", "too-large")
"""How it shows that a name is not that of an LSP image: nothing is there, or the language image is."""


_MAY_BE_MISSPELT = ("not-found", "unauthorized")
"""How it shows that a registry has no such repository: some deny access to what is not there."""


def with_hints(
    error: FetchError, source: Source, reference: Reference, store: ImageSource, listed: Sequence[Source] = ()
) -> FetchError:
    """The error of an image, with what may have been meant: its tag LSP, a folder, or one of images.yml.

    Args:
        reference: as it was read; the store is asked for its tag LSP only if that may help.
        listed: the images of images.yml, for a source of the command line.
    """
    lines, remedy = error.message.splitlines(), error.remedy
    lsp = reference.with_tag(MOVING_TAG)
    may_be_another = error.kind in _MAY_BE_ANOTHER and not reference.digest and reference.tag != MOVING_TAG
    if may_be_another and store.knows(lsp):
        if is_lsp_tag(reference.tag):  # the tag LSP moves, so it is not what was meant
            remedy = f"'lsp-assembler tags {reference.name}' lists the tags that exist."
        else:
            lines[-1] += f"; did you mean {named(str(lsp))}?"
    elif (
        source.line is None and error.kind in _MAY_BE_MISSPELT and (meant := _near(reference, listed, store))
    ):
        lines[-1] += f"; did you mean {named(meant)}?"
    folder = Path(source.text).parent
    if source.line is None and "/" in source.text and not reference.tag and folder.is_dir():
        remedy += f" If you mean a folder: {named(source.text)} does not exist."
    if source.line is None and Path(source.text).is_dir():
        remedy += f" If you mean the folder {named(source.text)}, say {named(f'./{source.text}')}."
    return FetchError(lines, remedy.strip(), kind=error.kind)


def _near(reference: Reference, listed: Sequence[Source], store: ImageSource) -> str:
    """The image of images.yml whose name is close to this one, if need be with another tag; "" if none is."""
    from lsp_assembler.config.images_edit import near  # for mistakes alone

    close = near(listed, reference)
    if not close or repository_of(Reference.parse(close)) == repository_of(reference):
        return ""
    asked = Reference.parse(close).with_tag(reference.tag)
    return str(asked) if reference.tag and store.knows(asked) else close
