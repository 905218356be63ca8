"""A slow network in front of servers of this machine: a TCP proxy with delay and limited bandwidth."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

_CHUNK = 16 * 1024
_CHUNKS_UNDER_WAY = 64  # of a connection and a direction: 1 MiB, as the window of a TCP connection


@dataclass(frozen=True, slots=True)
class Speed:
    """What a link is like.

    Args:
        rtt: seconds that a byte and its answer are under way, e.g. 0.05.
        megabits: per second and direction, for all connections to all servers together, e.g. 100.
    """

    rtt: float
    megabits: float


class _Line:
    """One direction, which sends one byte after the other, whichever connection they belong to."""

    def __init__(self, speed: Speed) -> None:
        self._delay = speed.rtt / 2
        self._bytes_per_second = speed.megabits * 1e6 / 8
        self._free = 0.0

    def arrival(self, size: int, now: float) -> float:
        """When so many bytes arrive that are handed over now."""
        self._free = max(now, self._free) + size / self._bytes_per_second
        return self._free + self._delay


class SlowLink:
    """Ports of 127.0.0.1 that lead to others slowly: `with SlowLink([5000], Speed(0.05, 100)) as link`.

    A new connection costs one further round trip, for the handshake that the loopback interface did in no
    time. It runs in a thread of its own. It neither loses packets nor starts slowly, as real networks do.

    Args:
        targets: the ports of the servers. All share one line, as the hosts that one machine talks to do.
    """

    def __init__(self, targets: Sequence[int], speed: Speed) -> None:
        self.ports: tuple[int, ...] = ()
        self._targets = tuple(targets)
        self._speed = speed
        self._up, self._down = _Line(speed), _Line(speed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: tuple[asyncio.Server, ...] = ()

    def __enter__(self) -> Self:
        self._thread.start()
        self._servers = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.ports = tuple(server.sockets[0].getsockname()[1] for server in self._servers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> tuple[asyncio.Server, ...]:
        return tuple(
            [
                await asyncio.start_server(partial(self._connect, target), "127.0.0.1", 0)
                for target in self._targets
            ]
        )

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets one turn later

    async def _connect(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", target)
            try:
                await asyncio.sleep(self._speed.rtt)
                await asyncio.gather(
                    self._carry(self._up, reader, to_upstream), self._carry(self._down, upstream, writer)
                )
            finally:
                to_upstream.close()
        writer.close()

    async def _carry(self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both ends of one direction at once: many chunks may be under way."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS_UNDER_WAY)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._hand_over(line, reader, under_way))
            both.create_task(self._deliver(under_way, writer))

    async def _hand_over(
        self, line: _Line, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = await reader.read(_CHUNK)
            except OSError:  # a reset ends the stream as well
                chunk = b""
            await under_way.put((line.arrival(len(chunk), self._loop.time()), chunk))

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        chunk = b"-"
        while chunk:
            due, chunk = await under_way.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            with contextlib.suppress(OSError):
                if chunk:
                    writer.write(chunk)
                    await writer.drain()
                elif writer.can_write_eof():
                    writer.write_eof()
