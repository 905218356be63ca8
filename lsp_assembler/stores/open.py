"""From the spelling of a store to the store: opened when it is first asked for, closed with all others."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.config.hosts import HostSettings, Settings
from lsp_assembler.errors import FetchError, InvalidInputError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.docker.presence import may_be_here
from lsp_assembler.stores.interface import ImageSource, Pull, Store
from lsp_assembler.stores.notes import Notes
from lsp_assembler.stores.spelling import WITH_PATH, StoreSpec

if TYPE_CHECKING:  # these are slow to import, and no command needs them all
    from lsp_assembler.oci.content_store import ContentStore
    from lsp_assembler.registry.client import RegistryClient
    from lsp_assembler.stores.auto import Listing
    from lsp_assembler.stores.docker.engine import DockerEngine

_LIMITED = "docker.io"
_LONGEST_WAIT = 1e6  # seconds: longer, and the system's clocks overflow
_MAX_CACHE = 64 * 1024 * 1024


class StoreOptions(Struct, frozen=True):
    """How stores are used, whichever they are.

    Args:
        pull: when an engine pulls.
        stall_timeout: seconds without a byte after which an engine or a registry has failed.
        patience: seconds to wait for a registry that is busy or down, or asks us to wait.
        limits: what is accepted of one image.
        insecure: registries that speak plain http, e.g. ("localhost:5000",).
        cache: the folder in which what registries sent is kept from run to run; None to keep nothing.
        offline: whether no registry is asked for anything.
    """

    pull: Pull = Pull.NEWER
    stall_timeout: float = 120.0
    patience: float = 60.0
    limits: Limits = Limits()
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
        longest = (_LONGEST_WAIT, options.stall_timeout), (_LONGEST_WAIT, options.patience)
        stall_timeout, patience = (max(0.0, min(pair)) for pair in longest)
        self._options = replace(options, stall_timeout=stall_timeout, patience=patience)
        self._environ = environ
        self._notice = notice
        insecure = {host: HostSettings(insecure=True) for host in options.insecure}
        self._registries = {**(registries or {}), **insecure}
        self._open = contextlib.ExitStack()
        self._layouts: dict[StoreSpec, ContentStore] = {}
        self._notes = self._open.enter_context(contextlib.closing(Notes(notice)))
        self._engines: dict[Pull, DockerEngine] = {}
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def reader(self, spec: StoreSpec, pull: Pull | None = None) -> ImageSource:
        """Where images are read.

        Args:
            pull: when an engine pulls here; None for what the options say.

        Raises:
            FetchError: it cannot be reached.
        """
        if spec.kind == "auto":
            return self._automatic
        if spec.kind == "docker":
            return self._opened_engine(pull)
        contents = self.contents(spec)
        return self._daemonless(spec, contents, contents)

    def publisher(self, spec: StoreSpec | None) -> Store:
        """Where LSP images go.

        Raises:
            InvalidInputError: it is not said where, and no engine answers.
            PublishError: it cannot be reached.
        """
        return self.builder(spec, spec or StoreSpec("docker"))

    def builder(self, spec: StoreSpec | None, source: StoreSpec, platforms: Sequence[str] = ()) -> Store:
        """Where start-points images go; a base is read where images are read, unless that is an engine.

        Args:
            platforms: to build for, e.g. ("linux/amd64",); () for all that the base has.

        Raises:
            InvalidInputError: it is not said where, and no engine answers; or platforms are asked for, and it
                is an engine.
            PublishError: it cannot be reached, or the file that it should be added to is no archive.
        """
        if spec is None or spec.kind == "docker":
            if platforms:
                raise InvalidInputError(
                    "--platform: an engine builds for its own platform only",
                    "Leave it out, or build with --to registry or --to oci:DIR.",
                )
            return self._target_engine(is_default=spec is None)
        bases = self.contents(source if source.kind in WITH_PATH else StoreSpec("registry"))
        try:
            return self._daemonless(spec, self.contents(spec), bases, platforms)
        except FetchError as error:
            raise PublishError(error.message, error.remedy) from error

    def _target_engine(self, *, is_default: bool) -> "DockerEngine":
        try:
            return self._opened_engine()
        except FetchError as error:
            if is_default:  # nothing is ever published to a registry unless the user says so
                raise InvalidInputError(
                    error.message,
                    "Start an engine, or say where the image goes: '--to registry' publishes it, "
                    "'--to oci:DIR' keeps it in a folder.",
                ) from error
            raise PublishError(error.message, error.remedy) from error

    def warn_of_rate_limit(self, spec: StoreSpec, references: Sequence[Reference]) -> None:
        """Say so before starting if Docker Hub is not going to hand out that many images for now.

        Args:
            references: what is about to be read.
        """
        if spec.kind not in ("auto", "registry") or self._options.offline:
            return
        limited, remaining = self.rate_limit(references)
        if remaining is not None and remaining < len(limited):
            self._notice(
                f"warning: Docker Hub hands out {remaining} more images for now, "
                f"and {len(limited)} are wanted; log in with 'docker login' to raise the limit"
            )

    def rate_limit(self, references: Sequence[Reference]) -> tuple[list[Reference], int | None]:
        """Those of some images that are on Docker Hub, and how many images it hands out for now.

        Returns:
            None in place of a number where it does not say, or was not asked, as there are no such images;
            one HEAD, which it does not count, tells.
        """
        limited = [reference for reference in references if reference.registry == _LIMITED]
        if not limited:
            return [], None
        with contextlib.suppress(FetchError):  # reading that image will tell what is wrong with it
            self.registries.digest(limited[0])
        return limited, self.registries.remaining_pulls(_LIMITED)

    @cached_property
    def _automatic(self) -> ImageSource:
        from lsp_assembler.stores.auto import AutoSource

        registries = self.reader(StoreSpec("registry"))
        source = AutoSource(registries, self._opened_engine, self._listing, self._notes)
        return self._open.enter_context(contextlib.closing(source))

    def _listing(self) -> "Listing":
        """What an engine has; nothing where none answers."""
        if not may_be_here(self._environ):
            return {}
        try:
            return self._opened_engine().listing()
        except (FetchError, InvalidInputError):
            return {}

    def _opened_engine(self, pull: Pull | None = None) -> "DockerEngine":
        """The engine; threads may ask for it at once."""
        from lsp_assembler.stores.docker.engine import DockerEngine, EngineOptions

        given = self._options
        pull = pull or given.pull
        with self._opening:
            if pull not in self._engines:
                options = EngineOptions(pull, given.stall_timeout, given.limits)
                engine = DockerEngine(options, self._environ, self._notes)
                self._engines[pull] = self._open.enter_context(contextlib.closing(engine))
            return self._engines[pull]

    @cached_property
    def registries(self) -> "RegistryClient":
        """All registries, without a cache: for questions that only they can answer."""
        from lsp_assembler.registry.client import RegistryClient
        from lsp_assembler.registry.credentials import Credentials
        from lsp_assembler.registry.options import ClientOptions

        options = ClientOptions(patience=self._options.patience, read_timeout=self._options.stall_timeout)
        client = RegistryClient(
            self._registries, Credentials(self._environ), options, self._notice, environ=self._environ
        )
        return self._open.enter_context(contextlib.closing(client))

    @property
    def language_images(self) -> "ContentStore":
        """All registries, behind the cache: what language images say of themselves does not change."""
        return self._cached_registries

    @cached_property
    def settled(self) -> "ContentStore":
        """The same, where a tag that never moves is looked up once: for looking at many old versions."""
        return self._behind_cache(lambda reference: not reference.moves)

    @cached_property
    def _cached_registries(self) -> "ContentStore":
        return self._behind_cache()

    def _behind_cache(self, is_settled: Callable[[Reference], bool] | None = None) -> "ContentStore":
        if self._options.cache is None:
            if self._options.offline:
                raise InvalidInputError("offline: there is no cache to read from", "Name the cache's folder.")
            return self.registries
        from lsp_assembler.stores.daemonless.cache import Cache
        from lsp_assembler.stores.daemonless.cached import CachedContentStore

        cache = Cache(self._options.cache, _MAX_CACHE)
        offline = self._options.offline
        contents = CachedContentStore(self.registries, cache, offline=offline, is_settled=is_settled)
        return self._open.enter_context(contextlib.closing(contents))

    def contents(self, spec: StoreSpec) -> "ContentStore":
        """Documents and blobs as they are stored, without an engine; "auto" stands for the registries."""
        if spec.kind in ("auto", "registry"):
            return self._cached_registries
        from lsp_assembler.stores.daemonless.archive import OciArchive
        from lsp_assembler.stores.daemonless.layout import OciLayout

        if spec not in self._layouts:
            layout = (OciLayout if spec.kind == "oci" else OciArchive)(Path(spec.path), str(spec))
            self._layouts[spec] = self._open.enter_context(contextlib.closing(layout))
        return self._layouts[spec]

    def _daemonless(
        self, spec: StoreSpec, contents: "ContentStore", bases: "ContentStore", platforms: Sequence[str] = ()
    ) -> Store:
        from lsp_assembler.stores.daemonless.store import DaemonlessStore, RegistryStore

        store = RegistryStore if spec.kind == "registry" else DaemonlessStore
        return store(str(spec), contents, bases, self._options.limits, platforms)
