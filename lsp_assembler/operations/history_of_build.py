"""What a history keeps of a build that has just succeeded."""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage, BuiltImage
from lsp_assembler.model.labels import DURATIONS_LABEL
from lsp_assembler.model.result import Result
from lsp_assembler.operations.build_spec import BuildSpec
from lsp_assembler.operations.history import Build, BuiltFrom, BuiltOn, append, now
from lsp_assembler.operations.recorded_durations import of_label


def recorded(result: Result, base: BaseImage, spec: BuildSpec, path: Path) -> Result:
    """Add a build to a history, if there is an image.

    Returns:
        the same result; where the line could not be written, with an error beside the image.
    """
    if result.image is None:
        return result
    try:
        append(_build(result.assembly, base, spec, result.image), path)
    except (InvalidInputError, PublishError) as error:
        fact = f"{error}\n  The image is published all the same."
        return replace(result, exit_status=PublishError.exit_status, error=fact)
    return result


def _build(assembly: Assembly, base: BaseImage, spec: BuildSpec, image: BuiltImage) -> Build:
    return Build(
        schema=1,
        time=now(spec.epoch),
        names=image.names,
        digest=image.digest,
        platforms=image.platforms,
        base=BuiltOn(base.name, base.digest),
        revision=spec.provenance.revision or None,
        start_points=tuple(_start_points(assembly)),
    )


def _start_points(assembly: Assembly) -> Iterator[BuiltFrom]:
    for outcome in assembly.outcomes:
        if point := outcome.start_point:
            yield BuiltFrom(
                name=outcome.source.text,
                digest=point.digest,
                revision=point.revision,
                source=point.url,
                display_names=point.display_names,
                image_names=point.image_names,
                size=point.tree.size,
                durations=of_label(point.labels.get(DURATIONS_LABEL, "")),
            )
