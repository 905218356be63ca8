"""Throwaway containers: created to be read, never started, removed whatever happens.

Each carries the label RUN_LABEL with the id of the run that made it. A run that was killed leaves its
containers behind; the next run finds them by that label and removes them.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from lsp_assembler.files.runs import is_gone, run_id
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.errors import TROUBLE

RUN_LABEL = "org.cyber-dojo.lsp-assembler.run"
_STALE_SECONDS = 3600
_PATIENCE_SECONDS = 10


class Throwaways:
    """The throwaway containers of one run. Threads may share it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run = run_id(os.getpid())
        self._idle = threading.Condition()
        self._open = 0
        self._closing = False

    @contextlib.contextmanager
    def container(self, image_id: str) -> Iterator[str]:
        """A container of an image, by its id, for as long as the context lasts.

        Raises:
            InterruptedError: the run is closing.
        """
        client = self._connection.client
        with self._idle:
            if self._closing:
                raise InterruptedError("the run was interrupted")
            self._open += 1
        try:
            made = client.create_container(
                image_id, ["never-started"], labels={RUN_LABEL: self._run}, network_disabled=True
            )
            try:
                yield made["Id"]
            finally:
                client.remove_container(made["Id"], v=True, force=True)
        finally:
            with self._idle:
                self._open -= 1
                self._idle.notify_all()

    def sweep(self) -> None:
        """Remove what killed runs left: containers older than an hour, or whose process is gone."""
        for container in self._listed(RUN_LABEL):
            with contextlib.suppress(*TROUBLE):
                owner = container["Labels"][RUN_LABEL]
                is_old = time.time() - container["Created"] > _STALE_SECONDS
                if owner != self._run and (is_old or is_gone(owner)):
                    self._remove(container["Id"])

    def close(self) -> None:
        """Let containers under way go, then remove any that is still there."""
        with self._idle:
            self._closing = True
            interrupted = self._open > 0
            self._idle.wait_for(lambda: self._open == 0, timeout=_PATIENCE_SECONDS)
        if interrupted:
            for container in self._listed(f"{RUN_LABEL}={self._run}"):
                self._remove(container["Id"])

    def _listed(self, label: str) -> list[dict[str, Any]]:
        with contextlib.suppress(*TROUBLE):
            return list(self._connection.client.containers(all=True, filters={"label": label}))
        return []

    def _remove(self, container_id: str) -> None:
        # Another run may be sweeping, too: that the container is gone already is as good.
        with contextlib.suppress(*TROUBLE):
            self._connection.client.remove_container(container_id, v=True, force=True)
