"""Which language images start points name."""

from collections.abc import Iterable

from msgspec import Struct

from lsp_assembler.model.manifest import UnreadableManifest, read_manifests
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.served import ServedStartPoint


class NamedImages(Struct, frozen=True):
    """The language images that start points name.

    Args:
        images: each once, in the order of the start points.
        problems: why manifests name none though they should, e.g. "2: start_point/manifest.json: image_name:
            'Java' is not a well-formed image name".
    """

    images: tuple[Reference, ...]
    problems: tuple[str, ...]


def named_images(start_points: Iterable[ServedStartPoint]) -> NamedImages:
    """The language images of some start points; one without an image_name, such as an exercise, has none."""
    images: dict[str, Reference] = {}
    problems = []
    for point in start_points:
        for manifest in read_manifests(point.tree):
            subject = f"{point.place}/{manifest.path}"
            if isinstance(manifest, UnreadableManifest):
                problems.append(f"{subject}: it is no JSON object")
            elif manifest.image_name is not None:
                try:
                    image = Reference.parse(manifest.image_name)
                    images.setdefault(image.canonical, image)
                except ValueError as error:
                    problems.append(f"{subject}: image_name: {error}")
    return NamedImages(tuple(images.values()), tuple(problems))
