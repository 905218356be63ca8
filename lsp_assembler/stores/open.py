"""From the spelling of a store to the store: opened when it is first asked for, closed with all others."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, InvalidInputError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.interface import Pull, Store

if TYPE_CHECKING:  # these are slow to import, and no command needs them all
    from lsp_assembler.oci.content_store import ContentStore
    from lsp_assembler.registry.client import RegistryClient
    from lsp_assembler.stores.docker.engine import DockerEngine

_WITHOUT_PATH = ("auto", "docker", "registry")
_WITH_PATH = ("oci", "oci-archive")
_LIMITED = "docker.io"
_MAX_CACHE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """A store as the user spells it, e.g. kind "oci" and path "build/lsp"."""

    kind: str
    path: str = ""

    @classmethod
    def parse(cls, option: str, text: str) -> Self:
        """Take --from or --to apart.

        Raises:
            InvalidInputError: there is no such store.
        """
        kind, colon, path = text.partition(":")
        if (kind in _WITHOUT_PATH and not colon) or (kind in _WITH_PATH and path):
            return cls(kind, path)
        raise InvalidInputError(
            f"{option}: unknown store '{text}'; expected auto, docker, registry, oci:DIR or oci-archive:FILE",
            "Correct the option, or leave it out.",
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.path}" if self.path else self.kind


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How stores are used, whichever they are.

    Args:
        pull: when an engine pulls.
        stall_timeout: seconds without a byte after which an engine or a registry has failed.
        limits: what is accepted of one image.
        insecure: registries that speak plain http, e.g. ("localhost:5000",).
        cache: the folder in which what registries sent is kept from run to run; None to keep nothing.
        offline: whether no registry is asked for anything.
    """

    pull: Pull = Pull.ALWAYS
    stall_timeout: float = 120.0
    limits: Limits = field(default_factory=Limits)
    insecure: Sequence[str] = ()
    cache: Path | None = None
    offline: bool = False


class Stores:
    """Opens stores when they are asked for, each once; as a context it closes them all.

    Args:
        environ: environment variables: where the engine is, where logins are, which proxies to use.
        notice: told, from any thread, what the user should know, in one line.
        registries: what images.yml says about single registries, by host.
    """

    def __init__(
        self,
        options: StoreOptions,
        environ: Mapping[str, str],
        notice: Callable[[str], None],
        registries: Settings | None = None,
    ) -> None:
        self._options = options
        self._environ = environ
        self._notice = notice
        insecure = {host: HostSettings(insecure=True) for host in options.insecure}
        self._registries = {**(registries or {}), **insecure}
        self._open = contextlib.ExitStack()
        self._layouts: dict[StoreSpec, ContentStore] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def reader(self, spec: StoreSpec) -> Store:
        """Where images are read.

        Raises:
            FetchError: it cannot be reached.
        """
        spec = self._chosen(spec)
        if spec.kind == "docker":
            return self._engine
        contents = self._contents(spec)
        return self._daemonless(spec, contents, contents)

    def publisher(self, spec: StoreSpec) -> Store:
        """Where LSP images go.

        Raises:
            PublishError: it cannot be reached.
        """
        try:
            return self.reader(spec)
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error

    def builder(self, spec: StoreSpec, reader: StoreSpec, platforms: Sequence[str] = ()) -> Store:
        """Where start-points images go; a base is read where `reader` reads, unless that is an engine.

        Args:
            platforms: to build for, e.g. ("linux/amd64",); () for all that the base has.

        Raises:
            FetchError: it cannot be reached.
            InvalidInputError: platforms are asked for, and it is an engine.
            PublishError: the file that it should be added to is no archive.
        """
        spec, reader = self._chosen(spec), self._chosen(reader)
        if spec.kind == "docker":
            if platforms:
                raise InvalidInputError(
                    "--platform: an engine builds for its own platform only",
                    "Leave it out, or build with --to registry or --to oci:DIR.",
                )
            return self._engine
        bases = self._cached_registries if reader.kind == "docker" else self._contents(reader)
        try:
            target = self._contents(spec)
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error
        return self._daemonless(spec, target, bases, platforms)

    def warn_of_rate_limit(self, spec: StoreSpec, references: Sequence[Reference]) -> None:
        """Say so before starting if Docker Hub is not going to hand out that many images for now.

        Args:
            references: what is about to be read; one HEAD, which Docker Hub does not count, tells its limit.
        """
        limited = [reference for reference in references if reference.registry == _LIMITED]
        if not limited or self._chosen(spec).kind != "registry" or self._options.offline:
            return
        with contextlib.suppress(FetchError):  # reading that image will tell what is wrong with it
            self.registries.digest(limited[0])
        remaining = self.registries.remaining_pulls(_LIMITED)
        if remaining is not None and remaining < len(limited):
            self._notice(
                f"warning: Docker Hub hands out {remaining} more images for now, "
                f"and {len(limited)} are wanted; log in with 'docker login' to raise the limit"
            )

    def _chosen(self, spec: StoreSpec) -> StoreSpec:
        """What `auto` stands for: the engine if one answers, else the registries."""
        return spec if spec.kind != "auto" else self._automatic

    @cached_property
    def _automatic(self) -> StoreSpec:
        try:
            where = self._engine.endpoint
        except FetchError:
            self._notice("store: registry (no Docker Engine answers)")
            return StoreSpec("registry")
        self._notice(f"store: docker ({where})")
        return StoreSpec("docker")

    @cached_property
    def _engine(self) -> "DockerEngine":
        from lsp_assembler.stores.docker.engine import DockerEngine, EngineOptions

        options = self._options
        engine = DockerEngine(
            EngineOptions(options.pull, options.stall_timeout, options.limits), self._environ
        )
        return self._open.enter_context(contextlib.closing(engine))

    @cached_property
    def registries(self) -> "RegistryClient":
        """All registries, without a cache: for questions that only they can answer."""
        from lsp_assembler.registry.client import RegistryClient
        from lsp_assembler.registry.credentials import Credentials
        from lsp_assembler.registry.options import ClientOptions

        options = ClientOptions(read_timeout=self._options.stall_timeout)
        client = RegistryClient(
            self._registries, Credentials(self._environ), options, self._notice, environ=self._environ
        )
        return self._open.enter_context(contextlib.closing(client))

    @cached_property
    def _cached_registries(self) -> "ContentStore":
        if self._options.cache is None:
            if self._options.offline:
                raise InvalidInputError("offline: there is no cache to read from", "Name the cache's folder.")
            return self.registries
        from lsp_assembler.stores.daemonless.cache import Cache
        from lsp_assembler.stores.daemonless.cached import CachedContentStore

        cache = Cache(self._options.cache, _MAX_CACHE)
        contents = CachedContentStore(self.registries, cache, offline=self._options.offline)
        return self._open.enter_context(contextlib.closing(contents))

    def _contents(self, spec: StoreSpec) -> "ContentStore":
        if spec.kind == "registry":
            return self._cached_registries
        from lsp_assembler.stores.daemonless.archive import OciArchive
        from lsp_assembler.stores.daemonless.layout import OciLayout

        if spec not in self._layouts:
            layout = OciLayout if spec.kind == "oci" else OciArchive
            opened = layout(Path(spec.path), str(spec))
            self._layouts[spec] = self._open.enter_context(contextlib.closing(opened))
        return self._layouts[spec]

    def _daemonless(
        self, spec: StoreSpec, contents: "ContentStore", bases: "ContentStore", platforms: Sequence[str] = ()
    ) -> Store:
        from lsp_assembler.stores.daemonless.store import DaemonlessStore, RegistryStore

        store = RegistryStore if spec.kind == "registry" else DaemonlessStore
        return store(str(spec), contents, bases, self._options.limits, platforms)
