"""`update --keep`: whether two versions of an image can be in one list; their display_names must differ."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lsp_assembler.config.images_edit import Edit
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import Source
from lsp_assembler.parallel import in_parallel
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.text import quoted


def refuse_namesakes(
    store: ImageSource, edits: Sequence[Edit], images: Sequence[Source], path: Path, jobs: int | None
) -> None:
    """A version that is added must have another display_name than those beside it: a build would refuse both.

    Args:
        edits: all of them add.
        images: as images.yml lists them.
        path: of that file, for messages.

    Raises:
        InvalidInputError: a version that is to be added has the display_name of one that stays; all of them.
        FetchError: an image cannot be read.
    """
    beside = {edit.new: [each for each in images if _is_version(each.text, edit.new)] for edit in edits}
    texts = dict.fromkeys([*beside, *(each.text for stays in beside.values() for each in stays)])
    names = dict(
        zip(texts, in_parallel(partial(_display_names, store), texts, jobs or store.jobs), strict=True)
    )
    problems = [
        f"{path}:{each.line}: {quoted(each.text)} has the display_name {quoted(shared)}, and so has "
        f"{quoted(new)}; they cannot be in one list"
        for new, stays in beside.items()
        for each in stays
        for shared in names[new]
        if shared in names[each.text]
    ]
    if problems:
        remedy = "Leave out --keep to replace the old version, or give the new one a display_name of its own."
        raise InvalidInputError(problems, remedy)


def _is_version(text: str, other: str) -> bool:
    return repository_of(Reference.parse(text)) == repository_of(Reference.parse(other))


def _display_names(store: ImageSource, text: str) -> tuple[str, ...]:
    return store.fetch(Reference.parse(text)).display_names
