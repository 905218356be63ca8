"""An LTF checkout -> an LSP image: a tiny image that holds only start_point/ and says where it came from."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.image_name import completed
from lsp_assembler.checkout.snapshot import refuse_folder_above, snapshot
from lsp_assembler.errors import PublishError
from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.dates import source_date_epoch, timestamp
from lsp_assembler.model.labels import (
    CREATED_LABEL,
    DURATIONS_LABEL,
    IMAGE_NAME_LABEL,
    REVISION_LABEL,
    SOURCE_LABEL,
    TITLE_LABEL,
    VERSION_LABEL,
)
from lsp_assembler.model.manifest import Manifest, ManifestSyntaxError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import MANIFEST, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.model.versions import MOVING_TAG, PREFIX
from lsp_assembler.oci.image import Image, data_image
from lsp_assembler.oci.layers import Limits

_TAG_LENGTH = 7
_IMAGE_NAME = re.compile(rb'(?<!\\)"image_name"\s*:\s*"(?P<value>[^"\\]*)"')


class PackOptions(Struct, frozen=True):
    """What a checkout cannot say of itself.

    Args:
        version: the tag, e.g. "3.7.4-18"; "" for that of the commit.
        durations: what a red, an amber and a green test run take, as compact JSON; "" if nobody measured.
    """

    version: str = ""
    durations: str = ""


class Pack(Struct, frozen=True, dict=True):
    """A start point ready to be published as an LSP image.

    Args:
        directory: the checkout it was read from.
        name: the language image without a tag, e.g. cyberdojofoundation/java_junit; None where the
            checkout names none, as custom start points and exercises may.
        tag: the first 7 characters of the commit, or of the content's digest, e.g. "4edf92a"; or a version.
        is_provisional: whether no commit holds this content, so that the tag comes from the content.
        labels: of the image.
        epoch: the mtime of its files, in seconds since 1970.
        checkout: what the author wrote, before anything was filled in.
        changed: the files that are not as the commit holds them, as far as git tells.
    """

    directory: Path
    name: Reference | None
    tag: str
    is_provisional: bool
    tree: Tree
    labels: Mapping[str, str]
    epoch: int
    checkout: Checkout
    changed: tuple[str, ...] = ()

    @cached_property
    def image(self) -> Image:
        """The LSP image: the same commit gives the same bytes on every machine."""
        return data_image(self.tree, self.labels, self.epoch)

    @cached_property
    def start_point(self) -> StartPoint:
        """What fetching the published image would give."""
        return StartPoint(self.image.digest, self.tree, self.labels)

    @property
    def image_name(self) -> str | None:
        """What the packed manifest names, e.g. "cyberdojofoundation/java_junit:4edf92a"."""
        return self.labels.get(IMAGE_NAME_LABEL)

    @property
    def references(self) -> tuple[Reference, Reference]:
        """The names to publish under: the one that never moves, then the one that does.

        Raises:
            PublishError: the checkout names no image.
        """
        return self._named.with_tag(f"{PREFIX}{self.tag}"), self._named.with_tag(MOVING_TAG)

    @property
    def language_image(self) -> Reference:
        """The language image of this commit, whether or not the manifest names it.

        Raises:
            PublishError: the checkout names no image.
        """
        return self._named.with_tag(self.tag)

    @property
    def _named(self) -> Reference:
        if self.name is None:
            raise PublishError(
                f"{self.directory}: it names no image",
                f'Add docker/image_name.json with {{"image_name": "NAME"}}, or image_name to {MANIFEST}.',
            )
        return self.name


def pack(
    directory: Path,
    type_: StartPointType,
    limits: Limits,
    environ: Mapping[str, str],
    options: PackOptions | None = None,
) -> Pack:
    """Read a checkout and give its copy of the manifest the tagged image name; the checkout is not touched.

    Only a languages manifest is completed: of other types, and so without a language image of their own,
    the manifest stays as it is.

    Args:
        environ: the environment's variables: SOURCE_DATE_EPOCH, and what CI says about the commit.

    Raises:
        FetchError: the checkout cannot be read, git refuses, or it is over the limits.
        InvalidInputError: SOURCE_DATE_EPOCH is not a number.
    """
    options = options or PackOptions()
    if type_ is StartPointType.LANGUAGES:
        refuse_folder_above(directory)
    found = snapshot(directory, limits, environ)
    tree, docker_name, commit = found.tree, found.docker_name, found.commit
    checkout = Checkout(type_, tree, docker_name, found.untracked)
    if type_ is StartPointType.LANGUAGES:
        tree = completed(tree, docker_name)
    tag = commit.revision if commit else tree.digest.removeprefix("sha256:")
    tag = options.version or tag[:_TAG_LENGTH]
    manifest = _parsed(tree)
    name = docker_name or (manifest.language_image if manifest else None)
    if manifest and name and type_ is StartPointType.LANGUAGES:
        manifest = _with_tag(manifest, name.with_tag(tag))
        tree = manifest.tree
    epoch = source_date_epoch(environ)
    if epoch is None:
        epoch = (commit and commit.epoch) or 0
    values = {
        CREATED_LABEL: timestamp(epoch),
        REVISION_LABEL: commit.revision if commit else "",
        SOURCE_LABEL: found.source,
        TITLE_LABEL: manifest.display_name if manifest else "",
        VERSION_LABEL: tag,
        IMAGE_NAME_LABEL: manifest.image_name if manifest else "",
        DURATIONS_LABEL: options.durations,
    }
    labels = {label: value for label, value in values.items() if value}
    bare = name and name.with_tag("")
    changed = tuple(found.changes)
    return Pack(directory, bare, tag, commit is None, tree, labels, epoch, checkout, changed)


def refuse_shared_names(packs: Sequence[Pack]) -> None:
    """Two checkouts must not fight for one name: whichever is published last would win.

    Raises:
        PublishError: a checkout names no image, or two name the same; all of them are listed.
    """
    owners: dict[str, list[Pack]] = {}
    for each in packs:
        owners.setdefault(each.references[0].name, []).append(each)
    shared = [
        f"{name}: {' and '.join(str(owner.directory) for owner in sharing)} are both packed under this name; "
        "expected one checkout for each name"
        for name, sharing in owners.items()
        if len(sharing) > 1
    ]
    if shared:
        raise PublishError(shared, "Give each its own name in docker/image_name.json.")


def _with_tag(manifest: Manifest, name: Reference) -> Manifest:
    """The manifest in a tree where it names the tagged language image, if it names one without a tag.

    Only the value changes, so that line numbers stay true. What breaks a rule stays, for the rules to
    find: a malformed image_name, or a key that stands there twice.
    """
    named = manifest.language_image
    if named is None or named.tag or named.digest:
        return manifest
    file = manifest.tree.files[MANIFEST]
    for found in _IMAGE_NAME.finditer(file.content):
        start, end = found.span("value")
        content = file.content[:start] + str(name).encode() + file.content[end:]
        tagged = _parsed(manifest.tree.joined(Tree.of({MANIFEST: File(content, file.executable)})))
        if tagged and tagged.data == {**manifest.data, "image_name": str(name)}:
            return tagged
    return manifest


def _parsed(tree: Tree) -> Manifest | None:
    """The manifest; None where the rules will say what is wrong with it."""
    try:
        manifest = Manifest.parse(MANIFEST, tree)
    except (KeyError, ManifestSyntaxError):
        return None
    return None if manifest.duplicate_keys else manifest
