"""What a report shows of a history, and what it adds to it: an image that somebody else has built."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_assembler.model.dates import source_date_epoch
from lsp_assembler.model.language import Durations, Language, Service
from lsp_assembler.operations.history import Build, BuiltFrom, BuiltOn, append, load, now
from lsp_assembler.operations.history_changes import BuildChanges, changes
from lsp_assembler.operations.listing import Listed


def of_image(
    service: Service,
    start_points: Sequence[Listed],
    languages: Sequence[Language],
    environ: Mapping[str, str],
) -> Build | None:
    """An image as a line of a history; None where it could not be read.

    Args:
        start_points: what the image holds.
        languages: what is known of them.

    Raises:
        InvalidInputError: SOURCE_DATE_EPOCH is malformed.
    """
    if service.problem or not service.digest:
        return None
    durations = {each.digest: each.durations for lang in languages for each in lang.versions}
    return Build(
        schema=1,
        time=now(source_date_epoch(environ)),
        names=(service.name,),
        digest=service.digest,
        platforms=service.platforms,
        base=BuiltOn(service.base_name, service.base_digest),
        revision=None,  # what a service says of its commit may be inherited from the base image
        start_points=tuple(_built_from(each, durations.get(each.digest)) for each in start_points),
    )


def _built_from(listed: Listed, durations: Durations | None) -> BuiltFrom:
    return BuiltFrom(
        name=listed.name,
        digest=listed.digest,
        revision=listed.revision or None,
        source=listed.source or None,
        display_names=listed.display_names,
        image_names=listed.image_names,
        size=listed.tree.size if listed.tree else None,
        durations=durations,
    )


def builds_of(path: Path, latest: Build | None) -> tuple[BuildChanges, ...]:
    """What every build changed.

    Args:
        latest: is added before, unless the last build made the same image; None for nothing.

    Raises:
        InvalidInputError: the file cannot be read, or has other lines in it.
        PublishError: it cannot be written.
    """
    if latest:
        append(latest, path, only_news=True)
    return tuple(changes(load(path)))
