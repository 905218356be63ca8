"""Saves images for many threads at once, in few requests: an engine takes longer to begin than to save."""

import threading
from collections.abc import Mapping, Sequence

import docker.errors
from msgspec import Struct

from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.saved_images import SavedImageError, saved_images

_UNCOMPRESSED = {"Accept-Encoding": "identity"}  # the engine would compress: that costs more than it saves


class _Wish(Struct, eq=False):
    """An image that a thread wants, and what came of it; None where it has to be saved alone."""

    image_id: str
    size: int
    is_done: bool = False
    layers: Sequence[bytes] | None = None


class Saver:
    """`docker save`. Threads may share it: what they want while one request is on its way makes the next."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: list[_Wish] = []
        self._is_saving = False
        self._knows_ids = True  # an image in containerd has another id than its configuration

    def layers(self, image_id: str, size: int) -> Sequence[bytes]:
        """The layers of an image, lowest first; they may be compressed.

        Args:
            image_id: e.g. "sha256:9f86…".
            size: in bytes, as the engine states it; at most `limits.max_bytes`.

        Raises:
            SavedImageError: what the engine saves is not what we know, or more than the limits allow.
            docker.errors.APIError: the engine cannot save it.
        """
        wish = _Wish(image_id, size)
        with self._changed:
            self._waiting.append(wish)
            self._changed.wait_for(lambda: wish.is_done or not self._is_saving)
            batch = [] if wish.is_done else self._batch(wish)
            self._is_saving = self._is_saving or bool(batch)
        if batch:
            self._save(batch)
        return self._alone(image_id) if wish.layers is None else wish.layers

    def _batch(self, first: _Wish) -> list[_Wish]:
        """What to save next: no more than one image may hold."""
        batch, left = [first], self._limits.max_bytes - first.size
        for wish in self._waiting if self._knows_ids else ():
            if wish is not first and wish.size <= left:
                batch.append(wish)
                left -= wish.size
        self._waiting = [wish for wish in self._waiting if wish not in batch]
        return batch

    def _save(self, batch: list[_Wish]) -> None:
        try:
            if len(batch) == 1:
                batch[0].layers = self._alone(batch[0].image_id)
                return
            found = self._saved("images/get", [wish.image_id for wish in batch])
            for wish in batch:
                wish.layers = found.get(wish.image_id)
            self._knows_ids = any(wish.layers is not None for wish in batch)
        except (SavedImageError, docker.errors.APIError):
            if len(batch) == 1:
                raise
            # One of them spoils it for all: each finds out by itself.
        finally:
            with self._changed:
                self._is_saving = False
                for wish in batch:
                    wish.is_done = True
                self._changed.notify_all()

    def _alone(self, image_id: str) -> Sequence[bytes]:
        found = list(self._saved(f"images/{image_id}/get").values())
        if len(found) != 1:
            raise SavedImageError(f"it holds {len(found)} images in place of one")
        return found[0]

    def _saved(self, path: str, image_ids: Sequence[str] = ()) -> Mapping[str, Sequence[bytes]]:
        with self._connection.stream("GET", path, _UNCOMPRESSED, {"names": image_ids}) as response:
            return saved_images(response.raw.read, self._limits.max_archive)
