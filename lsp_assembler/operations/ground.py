"""What a list is to be built on: whether its base and its template will do, as far as a check can tell."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from lsp_assembler.errors import FetchError, InvalidInputError, LspAssemblerError
from lsp_assembler.model.images import SCRATCH, BaseImage
from lsp_assembler.model.labels import IMAGE_NAME_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.base import about_base, no_base
from lsp_assembler.operations.plan import Plan
from lsp_assembler.stores.interface import ImageSource
from lsp_assembler.text import named

_BASE = "the-base"
"""Stands for the base image in a template that is only looked at."""


class Ground(Struct, frozen=True):
    """What was found.

    Args:
        base: that images.yml names; None where it names none, or where no registry knows it.
        errors: everything that a build would stop at.
    """

    base: BaseImage | None = None
    errors: tuple[LspAssemblerError, ...] = ()


def ground(planned: Plan, store: ImageSource | None, notice: Callable[[str], None]) -> Ground:
    """Look at the base that images.yml names, without its layers, and at the template beside it.

    Args:
        store: where images are read; None to leave the base out.
        notice: told what only a Docker Engine can do.
    """
    base: BaseImage | None = None
    errors: list[LspAssemblerError] = []
    try:
        _examine_template(planned, notice)
    except InvalidInputError as error:
        errors.append(error)
    name = planned.file.base if planned.file else None
    try:
        base = _found(name, store) if store and name and str(name) != SCRATCH else None
    except FetchError as error:
        errors.append(about_base(planned, None)(error))
    return Ground(base, tuple(errors))


def _found(name: Reference, store: ImageSource) -> BaseImage | None:
    digest = store.digest(name)
    if not digest and store.knows(name):  # an engine has what it cannot pull
        return None
    if digest and not store.is_shared:  # an engine would have to pull it to say more
        return BaseImage(str(name), digest, {})
    said = store.describe(name)
    if IMAGE_NAME_LABEL in said.labels:
        raise no_base(str(name))
    return BaseImage(str(name), said.digest, {})


def _examine_template(planned: Plan, notice: Callable[[str], None]) -> None:
    """Fill in the template beside images.yml and follow it without an engine; our own is known to do."""
    path = planned.template
    if path is None:
        return
    from lsp_assembler.dockerfile import template

    text = template.load(path)
    template.check(text, str(path))
    values = dict.fromkeys(template.NAMES, "") | {"base": _BASE, "type": planned.type, "port": "80"}
    del values["labels"]
    _parse(template.render(text, values, {"label": ""}), path, notice)


def _parse(rendered: str, path: Path, notice: Callable[[str], None]) -> None:
    from lsp_assembler import dockerfile

    fact = ""
    try:
        instructions = dockerfile.parse(rendered, str(path))
        dockerfile.apply(instructions, {})
        if instructions[0].value != _BASE:
            fact = f"{path}: it builds on {named(instructions[0].value)} and not on $base"
    except InvalidInputError as error:
        only_engine = [line for line in error.message.splitlines() if dockerfile.NEEDS_ENGINE in line]
        if not only_engine:  # what an engine makes of the rest it knows best
            raise
        fact = only_engine[0]
    if fact:
        notice(f"{fact}; so the image can only be built with --to docker")
