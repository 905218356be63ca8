"""The one thread that moves the bytes of all requests, through libcurl's multi interface.

Knows transfers, sockets and time; nothing of HTTP's meaning or of registries. See docs/adr/0020.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

import pycurl

from lsp_assembler.registry.http.transfer import CLOSED, STALLED, Failure, Transfer

_TICKS = 4  # how often, in one allowed stall, transfers are looked at
_LONGEST_TICK = 0.25
_NEVER = 2**31 - 1  # milliseconds
_KEPT = 256  # idle connections, to all hosts together
_SUPPRESS_CONNECT_HEADERS = 265  # options that pycurl has no names for
_UNREACHABLE = frozenset(  # time-outs are those of connecting, as no other is given to libcurl
    {
        pycurl.E_COULDNT_RESOLVE_PROXY,
        pycurl.E_COULDNT_RESOLVE_HOST,
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_OPERATION_TIMEDOUT,
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
    }
)


class Driver:
    """Runs transfers; HTTP/2 servers get one connection, others at most so many.

    Threads may share it. The thread begins with the first transfer, and never keeps the process alive.

    Args:
        connections: the most that are open to one host.
        stall: seconds after which a transfer that does not move has failed.
    """

    def __init__(self, connections: int, stall: float) -> None:
        self._connections = connections
        self._stall = stall
        self._tick = min(_LONGEST_TICK, stall / _TICKS)
        self._lock = threading.Lock()
        self._orders: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._active: dict[pycurl.Curl, Transfer] = {}
        self._heard: dict[str, float] = {}  # when a host last answered, by time.monotonic()
        self._timer = float("inf")

    def start(self, transfer: Transfer) -> None:
        """Run a transfer; it is told how it went."""
        transfer.resume = lambda: self._order(lambda: self._resume(transfer))
        transfer.cancel = lambda: self._order(lambda: self._finish(transfer.easy, None))
        if not self._order(lambda: self._add(transfer)):
            transfer.finish(Failure(CLOSED))

    def close(self) -> None:
        """End every transfer. Returns when the thread has gone, which it does at once."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread:
            self._wake()
            thread.join(1.0)

    def _order(self, order: Callable[[], None]) -> bool:
        """Let the thread do something; False if it is closed."""
        with self._lock:
            if self._closed:
                return False
            self._orders.append(order)
            if self._thread is None:
                self._awake, self._alarm = socket.socketpair()
                self._alarm.settimeout(0.0)
                self._thread = threading.Thread(target=self._run, name="libcurl", daemon=True)
                self._thread.start()
            elif len(self._orders) > 1:
                return True  # it has been woken for the first of them
        self._wake()
        return True

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full of alarms already, or closed behind a thread that has gone
            self._alarm.send(b"!")

    # From here on: the thread itself.

    def _run(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._awake, selectors.EVENT_READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, self._connections)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _KEPT)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        try:
            self._loop()
        finally:
            with self._lock:
                self._closed = True
                orders = list(self._orders)
            for order in orders:  # what was asked for last must hear of the end, too
                order()
            for easy in list(self._active):
                self._finish(easy, Failure(CLOSED))
            self._multi.close()
            self._selector.close()
            self._awake.close()
            self._alarm.close()

    def _loop(self) -> None:
        looked = time.monotonic()
        while not self._closed:
            now = time.monotonic()
            for key, events in self._selector.select(self._idle_time(now)):
                if key.fileobj is self._awake:
                    self._awake.recv(4096)
                else:
                    self._multi.socket_action(key.fd, _directions(events))
            was_idle = not self._active
            self._obey()
            if was_idle:
                looked = time.monotonic()  # what begins now has not waited yet
            if self._timer <= time.monotonic():
                self._timer = float("inf")
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._collect()
            if (waited := time.monotonic() - looked) >= self._tick:
                looked += waited
                self._end_stalled(waited)

    def _idle_time(self, now: float) -> float | None:
        if self._orders or self._closed:
            return 0.0
        longest = self._tick if self._active else float("inf")
        seconds = max(0.0, min(longest, self._timer - now))
        return None if seconds == float("inf") else seconds

    def _obey(self) -> None:
        while self._orders:
            self._orders.popleft()()

    def _add(self, transfer: Transfer) -> None:
        self._active[transfer.easy] = transfer
        transfer.easy.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
        transfer.easy.setopt(pycurl.CONNECTTIMEOUT_MS, _NEVER)
        self._multi.add_handle(transfer.easy)

    def _resume(self, transfer: Transfer) -> None:
        if transfer.easy in self._active:
            transfer.paused = False
            with contextlib.suppress(pycurl.error):  # it broke meanwhile, which `_collect` is about to learn
                transfer.easy.pause(pycurl.PAUSE_CONT)

    def _on_socket(self, what: int, fd: int, _multi: object, _data: object) -> None:
        with contextlib.suppress(KeyError, ValueError, OSError):  # unknown, or closed already
            self._selector.unregister(fd)
        if what != pycurl.POLL_REMOVE:
            events = selectors.EVENT_READ if what in (pycurl.POLL_IN, pycurl.POLL_INOUT) else 0
            events |= selectors.EVENT_WRITE if what in (pycurl.POLL_OUT, pycurl.POLL_INOUT) else 0
            self._selector.register(fd, events)

    def _on_timer(self, milliseconds: int) -> None:
        self._timer = float("inf") if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _collect(self) -> None:
        left = 1
        while left:
            left, done, failed = self._multi.info_read()
            for easy in done:
                if easy in self._active:
                    self._hear(self._active[easy].host)
                self._finish(easy, None)
            for easy, code, words in failed:
                transfer = self._active.get(easy)
                if transfer is None:  # it ended with another of this list
                    continue
                failure = _failure(easy, code, words)
                self._finish(easy, failure)
                if code in _UNREACHABLE:
                    self._end_waiting(transfer.host, failure)
                else:  # it has said something, if only nonsense
                    self._hear(transfer.host)

    def _hear(self, host: str) -> None:
        self._heard[host] = time.monotonic()

    def _end_waiting(self, host: str, failure: Failure) -> None:
        """Fail all that waited for the same connection: each would sit out the same time-out after it."""
        for easy, transfer in list(self._active.items()):
            if transfer.host == host and easy.getinfo(pycurl.CONN_ID) < 0:
                transfer.excused = 0.0  # its turn would never have come
                self._finish(easy, failure)

    def _end_stalled(self, waited: float) -> None:
        for easy, transfer in list(self._active.items()):
            if easy not in self._active:  # it ended with another one
                continue
            if easy.getinfo(pycurl.PRETRANSFER_TIME_T) == 0:
                self._end_unconnected(easy, transfer, waited)
                continue
            moved = easy.getinfo(pycurl.SIZE_DOWNLOAD_T) + easy.getinfo(pycurl.SIZE_UPLOAD_T)
            stalled = transfer.stalled_for(waited, moved)
            if moved and not stalled:
                self._hear(transfer.host)
            if stalled > (self._stall if moved else min(self._stall, transfer.allowed.silence)):
                self._finish(easy, Failure(STALLED))
                if self._heard.get(transfer.host, 0.0) < time.monotonic() - stalled:
                    # Nobody else had an answer meanwhile: those who wait for their turn need not, either.
                    self._end_waiting(transfer.host, Failure(STALLED))

    def _end_unconnected(self, easy: pycurl.Curl, transfer: Transfer, waited: float) -> None:
        """End what takes too long to connect; a time-out of libcurl would count the wait for a turn, too."""
        if easy.getinfo(pycurl.CONN_ID) < 0:
            transfer.excused += waited
            return
        transfer.connecting += waited
        if transfer.connecting > transfer.allowed.connecting:
            words = f"no connection within {transfer.allowed.connecting:.3g} s"
            failure = Failure(pycurl.E_OPERATION_TIMEDOUT, words)
            self._finish(easy, failure)
            self._end_waiting(transfer.host, failure)

    def _finish(self, easy: pycurl.Curl, failure: Failure | None) -> None:
        transfer = self._active.pop(easy, None)
        if transfer:
            self._multi.remove_handle(easy)
            easy.close()
            transfer.finish(failure)


def _directions(events: int) -> int:
    found = pycurl.CSELECT_IN if events & selectors.EVENT_READ else 0
    return found | (pycurl.CSELECT_OUT if events & selectors.EVENT_WRITE else 0)


def _failure(easy: pycurl.Curl, code: int, words: str) -> Failure:
    number = easy.getinfo(pycurl.OS_ERRNO)
    return Failure(
        code,
        words,
        reason=os.strerror(number) if number else "",
        proxy_status=easy.getinfo(pycurl.HTTP_CONNECTCODE),
    )
