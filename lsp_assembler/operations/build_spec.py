"""What `build` is to make of the start points: images.yml and the request put together."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.provenance import Provenance, provenance
from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.dates import source_date_epoch
from lsp_assembler.model.images import TEMPLATE, Artifact, BaseImage, BuiltImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.plan import Plan, reference
from lsp_assembler.operations.request import DEFAULT_FILE

Attest = Callable[[Assembly, BaseImage, BuiltImage], Sequence[Artifact]]
"""Makes what is to be published about an image."""


class BuildSpec(Struct, frozen=True):
    """What the final image is to be beyond its start points.

    Args:
        names: at least one.
        port: that its service listens on.
        template: the text of Dockerfile.template.
        template_name: how messages call it, e.g. "Dockerfile.template".
        provenance: of images.yml, the template and the lock file; a list on the command line has none.
        epoch: what SOURCE_DATE_EPOCH says, in seconds since 1970; None if it is not set.
        attest: None to publish nothing about the image.
    """

    names: Sequence[Reference]
    port: int
    template: str
    template_name: str
    provenance: Provenance = Provenance()
    epoch: int | None = None
    attest: Attest | None = None


def build_spec(
    planned: Plan,
    names: Sequence[str],
    template_path: Path | None,
    environ: Mapping[str, str],
    lock: Path | None = None,
) -> BuildSpec:
    """The names, the port, the template and the provenance of the final image.

    Args:
        names: in place of the one in images.yml; () for that one.
        template_path: None for the one beside images.yml, else the one that comes with the tool.
        lock: the lock file that counts; None for none.

    Raises:
        InvalidInputError: there is no name, a name or SOURCE_DATE_EPOCH is malformed, or the template
            cannot be read or has unknown names in it.
        FetchError: images.yml is in a git repository, and git refuses or fails.
    """
    path = template_path or planned.template
    text = template.load(path)
    template_name = str(path or TEMPLATE)
    template.check(text, template_name)
    return BuildSpec(
        names=_names(planned, names),
        port=(planned.file and planned.file.port) or planned.type.default_port,
        template=text,
        template_name=template_name,
        provenance=_provenance(planned, [each for each in (path, lock) if each], environ),
        epoch=source_date_epoch(environ),
    )


def _provenance(planned: Plan, others: Sequence[Path], environ: Mapping[str, str]) -> Provenance:
    if planned.path is None or planned.listed_in is None:
        return Provenance()
    return provenance([planned.path, *others], environ)


def _names(planned: Plan, texts: Sequence[str]) -> tuple[Reference, ...]:
    names = tuple(reference(text, "--tag") for text in texts)
    if not names and planned.file and planned.file.name:
        names = (planned.file.name,)
    for name in names:
        if name.digest:
            raise InvalidInputError(
                f"--tag: '{name}' has a digest, and nobody can know it before the image is built",
                "Leave the digest out.",
            )
    if not names:
        file = str(planned.path or DEFAULT_FILE)
        way = f"add 'name: NAME' to {file}"
        if planned.file and planned.file.is_plain:
            way = f"put the list in {file} under 'images:', and 'name: NAME' above it"
        raise InvalidInputError("build: the image has no name", f"Say '--tag NAME', or {way}.")
    return names
