"""Which servers one client asks for a registry, and which mirrors it leaves alone for a while."""

import time

from lsp_assembler.config.hosts import Settings
from lsp_assembler.errors import FetchError
from lsp_assembler.model.reference import Reference
from lsp_assembler.registry.hosts import Endpoint, Origin, endpoint_of, mirror_of
from lsp_assembler.registry.retry import Waiter

_MIRROR_REST = 60.0  # seconds that a mirror which does not answer is left alone


class Servers:
    """The servers of all registries. Threads may share it."""

    def __init__(self, settings: Settings, waiter: Waiter) -> None:
        self._settings = settings
        self._waiter = waiter
        self._known: dict[str, tuple[Endpoint, Endpoint | None]] = {}
        self._resting: dict[Origin, float] = {}

    def of(self, reference: Reference) -> tuple[Endpoint, Endpoint | None]:
        """The registry of an image, and the mirror to ask before it, where there is one.

        Raises:
            FetchError: the name, or the mirror in the settings, is no host.
        """
        registry = reference.registry
        if registry not in self._known:
            try:
                servers = endpoint_of(registry, self._settings), mirror_of(registry, self._settings)
            except ValueError as error:
                remedy = "Correct the name, or the mirror in the settings."
                raise FetchError(f"{reference}: {error}", remedy, kind="unavailable") from None
            self._known[registry] = servers
        return self._known[registry]

    def is_awake(self, mirror: Endpoint) -> bool:
        """Whether a mirror is worth asking now."""
        rests = self._resting.get(mirror.origin, 0.0) > time.monotonic()
        return not rests and not self._waiter.is_paused(mirror.origin.netloc)

    def rest(self, mirror: Endpoint) -> None:
        """Leave a mirror alone for a minute."""
        self._resting[mirror.origin] = time.monotonic() + _MIRROR_REST
