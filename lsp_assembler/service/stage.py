"""What a source holds, on its way to being served: through the policy, if there is one."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_assembler.service.errors import bug_words
from lsp_assembler.service.kept import Kept

if TYPE_CHECKING:
    from lsp_assembler.service.policing import Policing

_TICK = 1.0  # seconds
_AFTER_BUG = 60.0


class Stage:
    """Where what is served is put, by whoever has something new. Threads may share it.

    Args:
        show: takes what is to be served from now on.
    """

    def __init__(self, kept: Kept, policing: "Policing | None", show: Callable[[Kept], None]) -> None:
        self.kept = kept
        self._policing = policing
        self._show = show
        self._putting = threading.Lock()

    def put(self, kept: Kept) -> None:
        """Serve what a source holds, as the policy lets it be shown."""
        with self._putting:
            self._put(kept)

    def police(self, policing: "Policing", say: Callable[[str], None]) -> None:
        """Put it again whenever the policy makes something else of it; never returns."""
        is_due = False
        while True:
            time.sleep(_TICK)
            try:
                is_due |= policing.tick()
                if is_due:
                    with self._putting:
                        self._put(self.kept)
                is_due = False
            except Exception as bug:  # noqa: BLE001  # what is blocked must not stay so without a word
                say(bug_words(bug))
                time.sleep(_AFTER_BUG)

    def _put(self, kept: Kept) -> None:
        self.kept = kept
        self._show(self._policing.applied(kept) if self._policing else kept)
