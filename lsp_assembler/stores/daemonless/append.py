"""A base image and a recipe -> the new image of every platform. The base's layers are never read."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lsp_assembler import dockerfile
from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.dates import timestamp
from lsp_assembler.model.images import SCRATCH, BaseImage, Recipe
from lsp_assembler.model.labels import BASE_DIGEST_LABEL, BASE_NAME_LABEL, CREATED_LABEL, IMAGE_NAME_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci import image
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import Descriptor, ImageManifest
from lsp_assembler.oci.image import Addition, Layer
from lsp_assembler.oci.image_reader import configuration, environment, images_of, manifest_of
from lsp_assembler.stores.daemonless.push import NewImage

_REPOS = "app/repos"


class _Variant(Struct, frozen=True):
    """The base image of one platform.

    Args:
        platform: as the base's index has it, e.g. {"os": "linux", "architecture": "arm64"}; {} without index.
    """

    manifest: ImageManifest | None
    config: Mapping[str, Any]
    platform: Mapping[str, Any]


class Base(Struct, frozen=True):
    """What to build on: the variants of a base image, in the order of its index.

    Args:
        reference: the image by digest; None for scratch.
    """

    reference: Reference | None
    variants: tuple[_Variant, ...]
    is_index: bool

    def described_as(self, name: Reference) -> BaseImage:
        """The same for those who build on it."""
        digest = self.reference.digest if self.reference else ""
        labels = (self.variants[0].config.get("config") or {}).get("Labels") or {}
        is_lsp = IMAGE_NAME_LABEL in labels
        return BaseImage(str(name), digest, self.env, self.platforms, is_lsp=is_lsp)

    @property
    def platforms(self) -> dict[str, str]:
        """The digest of each variant's manifest, e.g. {"linux/arm64": "sha256:9f86…"}."""
        return {_platform(each): each.manifest.digest for each in self.variants if each.manifest}

    @property
    def env(self) -> dict[str, str]:
        """The environment of the first variant, e.g. {"SHA": "df28e04…"}."""
        return environment(self.variants[0].config)


def scratch() -> Base:
    """The base without anything."""
    return Base(None, (_Variant(None, image.scratch(), {}),), is_index=False)


def load_base(contents: ContentStore, name: Reference, platforms: Sequence[str]) -> Base:
    """Read the documents of a base image.

    Args:
        platforms: which to keep, e.g. ("linux/amd64",); () for all.

    Raises:
        FetchError: they cannot be read, or the base does not have a platform that is asked for.
    """
    document = contents.manifest(name)
    reference = name.with_digest(document.digest)
    if isinstance(document, ImageManifest):
        config = configuration(contents, reference, document)
        variant = _Variant(document, config, {})
        _refuse_missing(name, platforms, [_platform(variant)])
        return Base(reference, (variant,), is_index=False)
    entries = list(images_of(contents, name, document))
    _refuse_missing(name, platforms, [entry.platform for entry, _ in entries])
    variants = []
    for entry, platform in entries:
        if not platforms or any(_fits(entry.platform, each) for each in platforms):
            manifest = manifest_of(contents, reference, entry)
            variants.append(_Variant(manifest, configuration(contents, reference, manifest), platform))
    return Base(reference, tuple(variants), is_index=True)


def append(base: Base, recipe: Recipe) -> NewImage:
    """The new images: each is its base with the recipe's context as one more layer, the same for all.

    Raises:
        InvalidInputError: the Dockerfile has instructions that only an engine can follow, or another base.
    """
    instructions = dockerfile.parse(recipe.dockerfile, recipe.template_name)
    pinned = str(base.reference or SCRATCH)  # what a lock file makes of the name
    if instructions[0].value not in (recipe.base.name, pinned):
        raise InvalidInputError(
            f"{recipe.template_name}: it builds on '{instructions[0].value}' and not on $base, which is "
            f"'{recipe.base.name}'",
            "Name the base in images.yml or with --base, or build with --to docker.",
        )
    layer = Layer.of(recipe.context.under(_REPOS), recipe.epoch)
    names = dict(
        zip((BASE_NAME_LABEL, BASE_DIGEST_LABEL), (recipe.base.name, recipe.base.digest), strict=True)
    )
    annotations = {name: value for name, value in names.items() if value and base.reference}
    images = []
    for variant in base.variants:
        runtime = dockerfile.apply(instructions, variant.config.get("config") or {})
        created = (runtime.get("Labels") or {}).get(CREATED_LABEL, timestamp(recipe.epoch))
        layers = variant.manifest.json["layers"] if variant.manifest else ()
        addition = Addition(layer, runtime, created, annotations)
        images.append(image.appended(variant.config, layers, addition, "lsp-assembler build"))
    pairs = [(made, variant.platform) for made, variant in zip(images, base.variants, strict=True)]
    return NewImage(
        images=tuple(images),
        platforms=tuple(_platform(variant) for variant in base.variants),
        index=image.index(pairs, annotations) if base.is_index else None,
        base=base.reference,
        base_layers=_distinct_layers(base),
        attest=recipe.attest,
    )


def _distinct_layers(base: Base) -> tuple[Descriptor, ...]:
    manifests = [variant.manifest for variant in base.variants if variant.manifest]
    return tuple({layer.digest: layer for manifest in manifests for layer in manifest.layers}.values())


def _platform(variant: _Variant) -> str:
    source = variant.platform or variant.config
    return "/".join(str(source[key]) for key in ("os", "architecture", "variant") if source.get(key))


def _fits(platform: str, wanted: str) -> bool:
    """Whether "linux/arm64/v8" is what was wanted; "linux/arm64" wants every variant of it."""
    return platform == wanted or platform.startswith(f"{wanted}/")


def _refuse_missing(name: Reference, wanted: Sequence[str], present: Sequence[str]) -> None:
    missing = [each for each in wanted if not any(_fits(platform, each) for platform in present)]
    if missing:
        raise FetchError(
            f"{name}: no image for {', '.join(missing)}; it has {', '.join(present)}",
            "Correct --platform, or leave it out to build for all of them.",
            kind="not-found",
        )
