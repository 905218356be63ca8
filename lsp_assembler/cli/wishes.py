"""What `build` is to make of the start points: images.yml and the options put together."""

from collections.abc import Sequence
from pathlib import Path

from lsp_assembler.checkout.git import commit_of
from lsp_assembler.cli.plan import Plan, reference
from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.dates import source_date_epoch
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.recipe import Wishes

DEFAULT_BASE = "cyberdojo/start-points-base:latest"


def wishes(plan: Plan, tags: Sequence[str] | None, template_path: Path | None) -> Wishes:
    """The names, the port, the template and the commit of the final image.

    Raises:
        InvalidInputError: there is no name, a name or SOURCE_DATE_EPOCH is malformed, or the template
            cannot be read or has unknown names in it.
    """
    beside = plan.folder / template.FILENAME
    path = template_path or (beside if beside.is_file() else None)
    text = template.load(path)
    name = str(path or template.FILENAME)
    template.check(text, name)
    return Wishes(
        names=_names(plan, tags),
        port=(plan.file and plan.file.port) or plan.type.default_port,
        template=text,
        template_name=name,
        commit=commit_of(plan.folder),
        epoch=source_date_epoch(),
    )


def base_reference(plan: Plan, base: str | None) -> Reference:
    """The base image: of --base, else of images.yml, else cyber-dojo's own.

    Raises:
        InvalidInputError: --base is malformed.
    """
    if base:
        return reference(base, "--base")
    return (plan.file and plan.file.base) or Reference.parse(DEFAULT_BASE)


def _names(plan: Plan, tags: Sequence[str] | None) -> tuple[Reference, ...]:
    names = tuple(reference(tag, "--tag") for tag in tags or ())
    if not names and plan.file and plan.file.name:
        names = (plan.file.name,)
    for name in names:
        if name.digest:
            raise InvalidInputError(
                f"--tag: '{name}' has a digest, which nobody can know yet; expected a name to publish under",
                "Leave the digest out.",
            )
    if not names:
        raise InvalidInputError(
            "build: the image has no name; expected --tag NAME, or name: in images.yml",
            "Say '--tag NAME', or add 'name: NAME' to images.yml.",
        )
    return names
