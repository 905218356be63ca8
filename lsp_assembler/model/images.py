"""Images as the stores hand them around: a base, what is built on it, what stands under a name."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lsp_assembler.model.labels import CREATED_LABEL
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.model.tree import Tree

SCRATCH = "scratch"
"""The base image that is no image: nothing at all."""

TEMPLATE = "Dockerfile.template"
"""How the template is called, ours and the one beside an images.yml."""


class BaseImage(Struct, frozen=True):
    """The image that a start-points image is built on.

    Args:
        name: as the user wrote it, e.g. "cyberdojo/start-points-base:df28e04".
        digest: e.g. "sha256:9f86…".
        env: its environment, e.g. {"SHA": "df28e04…"}.
        platforms: the digest of each platform's manifest, e.g. {"linux/arm64": "sha256:9f86…"}; {} where the
            store cannot tell.
        reference: what to build from, where that is not just `name`: a lock names the digest as well, e.g.
            "cyberdojo/start-points-base@sha256:9f86…".
        is_lsp: whether it says of itself that it is an LSP image, on which nothing can be built.
    """

    name: str
    digest: str
    env: Mapping[str, str]
    platforms: Mapping[str, str] = {}
    reference: str = ""
    is_lsp: bool = False


class Artifact(Struct, frozen=True):
    """A document about an image, to be published along with it.

    Args:
        type: e.g. "application/vnd.cyclonedx+json".
        content: the document.
        annotations: what lists of such documents show, e.g. its date.
    """

    type: str
    content: bytes
    annotations: Mapping[str, str] = {}


class Attached(Struct, frozen=True):
    """A document about an image that now stands beside it.

    Args:
        type: of the document, e.g. "application/vnd.cyclonedx+json".
        digest: of the manifest that refers to the image, e.g. "sha256:9f86…".
    """

    type: str
    digest: str


class BuiltImage(Struct, frozen=True):
    """An image that now stands under its names.

    Args:
        names: e.g. ("cyberdojo/languages-start-points:latest",).
        digest: what identifies it in its store, e.g. "sha256:9f86…".
        platforms: e.g. ("linux/amd64", "linux/arm64").
        attestations: what was published about it.
    """

    names: tuple[str, ...]
    digest: str
    platforms: tuple[str, ...]
    attestations: tuple[Attached, ...] = ()


class Description(Struct, frozen=True):
    """What an image says of itself, without its files.

    Args:
        digest: as `Store.digest` gives it, e.g. "sha256:9f86…".
        labels: e.g. {"org.opencontainers.image.revision": "4edf92a8…"}.
        made: when it was built, in RFC 3339, where it says so; a label may name another date.
    """

    digest: str
    labels: Mapping[str, str]
    made: str | None = None

    @property
    def created(self) -> str | None:
        """Its date: of the label, else when it was built."""
        return self.labels.get(CREATED_LABEL) or self.made or None


class Conflict(Struct, frozen=True):
    """A name that is taken.

    Args:
        existing: the digest of what it stands for, e.g. "sha256:9f86…".
        wanted: the digest of what was to be published under it.
    """

    existing: str
    wanted: str


class Recipe(Struct, frozen=True):
    """All that a store needs to build a start-points image.

    Args:
        type: languages, custom or exercises.
        base: what `Store.base` returned.
        dockerfile: the rendered Dockerfile.template.
        context: the index dirs, shas.txt, image.type and images.lock, relative to /app/repos.
        epoch: the mtime of every file, in seconds since 1970.
        template_name: how messages call what the Dockerfile was rendered from.
        attest: makes what is to be published about the image, which has its digest by then but no name yet;
            None for nothing. Only stores without an engine can do that.
    """

    type: StartPointType
    base: BaseImage
    dockerfile: str
    context: Tree
    epoch: int = 0
    template_name: str = TEMPLATE
    attest: Callable[[BuiltImage], Sequence[Artifact]] | None = None
