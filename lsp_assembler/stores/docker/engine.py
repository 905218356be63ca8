"""The Docker Engine as a store: pull, read out of throwaway containers, docker build, load and tag."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import docker.errors
from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.images import SCRATCH, BaseImage, BuiltImage, Conflict, Description, Recipe
from lsp_assembler.model.labels import IMAGE_NAME_LABEL
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import START_POINT, StartPoint
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.documents import digest_of
from lsp_assembler.oci.image import Image, encode
from lsp_assembler.oci.image_reader import environment, unpack
from lsp_assembler.oci.layers import Limits, read_layers, write_layer
from lsp_assembler.parallel import Budget
from lsp_assembler.stores.docker.build import build
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.description import described
from lsp_assembler.stores.docker.errors import TROUBLE, events, fetch_error, publish_error
from lsp_assembler.stores.docker.names import conflict, give_names, named
from lsp_assembler.stores.docker.pulling import Puller
from lsp_assembler.stores.docker.pulling import digest_of as known_digest
from lsp_assembler.stores.docker.saved_images import SavedImageError
from lsp_assembler.stores.docker.saver import Saver
from lsp_assembler.stores.docker.throwaway import Throwaways
from lsp_assembler.stores.interface import (
    Prepared,
    Progress,
    Pull,
    Store,
    no_progress,
    no_start_point,
    no_tags,
)
from lsp_assembler.stores.notes import Notes

_LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
_TOO_MUCH = "(too much to list)"
_UNCOMPRESSED = {"Accept-Encoding": "identity"}  # the engine would compress: that costs more than it saves


class EngineOptions(Struct, frozen=True):
    """How the engine is used.

    Args:
        stall_timeout: seconds without a byte from the engine after which a call fails.
    """

    pull: Pull = Pull.NEWER
    stall_timeout: float = 120.0
    limits: Limits = Limits()


class DockerEngine(Store):
    """Images of the Docker Engine that the environment points at (DOCKER_HOST, contexts).

    Args:
        environ: the environment's variables.
        notes: told which images could not be pulled and are used as the engine has them.

    Raises:
        FetchError: no engine answers.
    """

    name = "docker"

    def __init__(self, options: EngineOptions, environ: Mapping[str, str], notes: Notes) -> None:
        self._options = options
        self._connection = Connection(environ, options.stall_timeout)
        self._puller = Puller(self._connection, options.pull, notes.unpulled)
        self._saver = Saver(self._connection, options.limits)
        self._room = Budget(2 * options.limits.max_bytes)
        self._throwaways = Throwaways(self._connection)
        self._throwaways.sweep()

    @property
    def place(self) -> str:
        """See ImageSource.place."""
        return "the engine"

    @property
    def endpoint(self) -> str:
        """Where the engine answers, e.g. "unix:///var/run/docker.sock"."""
        return self._connection.endpoint

    def fetch(self, reference: Reference, progress: Progress = no_progress) -> StartPoint:
        """See ImageSource.fetch; pulls first, as the pull option says."""
        image = self._puller.image(reference, progress)
        progress("extracting", 0)
        try:
            tree, strays = self._read_start_point(image, str(reference))
        except docker.errors.NotFound as error:
            raise no_start_point(reference) from error
        except TROUBLE as error:
            raise fetch_error(reference, error) from error
        if START_POINT not in tree.directories:
            raise no_start_point(reference)
        return StartPoint(known_digest(image, reference), tree, image["Config"]["Labels"], strays)

    def read(self, reference: Reference, folder: str) -> Tree:
        """See ImageSource.read; pulls first, as the pull option says."""
        image = self._puller.image(reference, no_progress)
        try:
            with self._throwaways.container(image["Id"]) as container:
                top = folder.rpartition("/")[2]
                tree = self._read_folder(container, folder, str(reference))
        except docker.errors.NotFound as error:
            raise FetchError(
                f"{reference}: it has no /{folder}; expected a start-points image",
                "Check the name; an LSP image holds one start point only.",
                kind="not-found",
            ) from error
        except TROUBLE as error:
            raise fetch_error(reference, error) from error
        return tree.below(top)

    def digest(self, reference: Reference) -> str | None:
        """See ImageSource.digest; the engine asks the registry, unless the pull option says not to."""
        return self._puller.digest(reference)

    def knows(self, reference: Reference) -> bool:
        """See ImageSource.knows."""
        return self._puller.knows(reference)

    def listing(self) -> dict[str, set[str]]:
        """All images that have a name: by canonical name, the image's id and the digests it came by.

        Raises:
            FetchError: the engine does not say.
        """
        found: dict[str, set[str]] = {}
        try:
            for image in map(described, self._connection.client.images()):
                digests = {digest.partition("@")[2] for digest in image["RepoDigests"]}
                for name in image.get("RepoTags") or ():
                    with contextlib.suppress(ValueError):  # such as the <none>:<none> of older engines
                        found[Reference.parse(name).canonical] = {image["Id"], *digests}
        except TROUBLE as error:
            raise fetch_error("Docker Engine", error) from error
        return found

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See ImageSource.tags; of the images that the engine has."""
        names = [Reference.parse(name) for name in self.listing()]
        wanted = repository_of(repository)
        found = tuple(name.tag for name in names if repository_of(name) == wanted)
        if not found:
            raise no_tags(repository, self)
        return found

    def describe(self, reference: Reference) -> Description:
        """See ImageSource.describe; pulls first, as the pull option says."""
        image = self._puller.image(reference, no_progress)
        created = image.get("Created")
        made = created if isinstance(created, str) else None
        return Description(known_digest(image, reference), image["Config"]["Labels"], made)

    def base(self, reference: Reference) -> BaseImage:
        """See ImageSource.base; pulls first, as the pull option says."""
        if str(reference) == SCRATCH:
            return BaseImage(SCRATCH, "", {})
        image = self._puller.image(reference, no_progress)
        env = environment({"config": image["Config"]})
        is_lsp = IMAGE_NAME_LABEL in image["Config"]["Labels"]
        return BaseImage(str(reference), known_digest(image, reference), env, is_lsp=is_lsp)

    def prepare(self, base: Reference, names: Sequence[Reference]) -> Prepared:
        """See Store.prepare; pulls first, as the pull option says. It is built by a `docker build`."""
        return Prepared(self.base(base), lambda recipe: self._build(recipe, names))

    def publish(self, image: Image, names: Sequence[Reference]) -> BuiltImage:
        """See Store.publish; a `docker load`, tagged only once it has succeeded."""
        config = f"{digest_of(image.config).removeprefix('sha256:')}.json"
        listing = [{"Config": config, "RepoTags": None, "Layers": ["layer.tar.gz"]}]
        files = {config: image.config, "layer.tar.gz": image.layer, "manifest.json": encode(listing)}
        archive = write_layer(Tree.of({path: File(content) for path, content in files.items()}))
        image_id = ""
        try:
            for event in events(self._connection.client.load_image(archive)):
                matched = _LOADED.search(event.get("stream") or "")
                image_id = matched[1] if matched else image_id
            return named(self._connection.client, image_id, names)
        except TROUBLE as error:
            raise publish_error(names[0], error) from error

    def conflict(self, image: Image, name: Reference) -> Conflict | None:
        """See Store.conflict; no registry is asked."""
        try:
            return conflict(self._puller.inspect(str(name)), image)
        except docker.errors.ImageNotFound:
            return None
        except TROUBLE as error:
            raise fetch_error(name, error) from error

    def tag(self, pairs: Sequence[tuple[Reference, Reference]]) -> None:
        """See Store.tag."""
        try:
            known = [(str(self._puller.inspect(str(image))["Id"]), name) for image, name in pairs]
            give_names(self._connection.client, known)
        except TROUBLE as error:
            raise publish_error(", ".join(str(name) for _, name in pairs), error) from error

    def close(self) -> None:
        """See ImageSource.close."""
        self._throwaways.close()
        self._connection.close()

    def _build(self, recipe: Recipe, names: Sequence[Reference]) -> BuiltImage:
        """A `docker build`; the image gets its names only once that has succeeded."""
        try:
            return named(self._connection.client, build(self._connection, recipe), names)
        except TROUBLE as error:
            raise publish_error(names[0], error) from error

    def _read_start_point(self, image: dict[str, Any], name: str) -> tuple[Tree, tuple[str, ...]]:
        """The start point, and what else is there.

        An LSP image is so small that saving it whole costs the engine a tenth of what a container does, and
        tells of all that it holds. From a larger image, or from an engine that cannot save it, the one
        folder is read out of a throwaway container.
        """
        limits = self._options.limits
        if image["Size"] <= limits.max_bytes:
            unsaved = contextlib.suppress(SavedImageError, docker.errors.APIError)
            with unsaved, self._room.of(image["Size"]):
                layers = self._saver.layers(image["Id"], image["Size"])
                return unpack(layers, START_POINT, name, limits)
        with self._throwaways.container(image["Id"]) as container:
            tree = self._read_folder(container, START_POINT, name)
        return tree, (_TOO_MUCH,) if image["Size"] > limits.max_bytes else ()

    def _read_folder(self, container: str, folder: str, image: str) -> Tree:
        """One folder of a container; the paths of the tree begin with the folder's own name."""
        path = {"path": f"/{folder}"}
        top = folder.rpartition("/")[2]
        with self._connection.stream(
            "GET", f"containers/{container}/archive", _UNCOMPRESSED, path
        ) as response:
            tree, _ = read_layers([response.raw], top, image, self._options.limits)
            return tree
