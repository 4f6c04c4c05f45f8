"""A non-blocking socket that carries frames, and remembers how far it is.

A signal's handler may raise between any two steps. What C code has read is in the decoder's
``inbox``, what it has written is counted in ``_sent``: both are appended to by C code in the same
step as the system call (``list.extend(map(recv, …))``), so that no byte is lost or sent twice.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from typing import Callable, Union

from .frames import PEER_LIMITS, FrameDecoder, Handler, Limits, ProtocolError
from .pump import Pump

Part = Union[bytes, memoryview]

_READ = (64 * 1024,)
#: Parts from here on are sent where they are instead of being joined with their head.
_APART = 16 * 1024
_READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR


class Channel:
    """See the top of this file. Its methods are called with the pump's lock held.

    Args:
        on_frame: called for each frame, possibly twice for one where a signal came between.
        on_close: called once when the peer ended it or it broke, with the reason.
    """

    __slots__ = (
        "_decoder",
        "_fd",
        "_on_close",
        "_out",
        "_pump",
        "_recv",
        "_recv_into",
        "_send",
        "_sent",
        "_sock",
        "_watching",
        "closed",
    )

    def __init__(
        self,
        pump: Pump,
        sock: socket.socket,
        on_frame: Handler,
        on_close: Callable[[Exception], None],
        limits: Limits = PEER_LIMITS,
    ) -> None:
        sock.setblocking(False)
        self._pump = pump
        self._sock = sock
        self._fd = sock.fileno()
        self._decoder = FrameDecoder(on_frame, limits)
        self._on_close = on_close
        self._recv = sock.recv
        self._recv_into = sock.recv_into
        self._send = sock.send
        # Where each part ends in the stream, and the part.
        self._out: deque[tuple[int, Part]] = deque()
        self._sent: list[int] = []
        self._watching = False
        self.closed = False
        pump.register(self._fd, self)

    # ── sending ──────────────────────────────────────────────────────────────────────────────

    @property
    def sending(self) -> bool:
        """Whether something is queued."""
        return bool(self._out)

    def send(self, frame: Part) -> None:
        """Queues a frame (or a part of one) and tries to send it where nothing is before it."""
        if self.closed:
            return
        out = self._out
        if out:
            out.append((out[-1][0] + len(frame), frame))
            return
        sent = self._sent
        if len(sent) > 64:
            sent = self._sent = [sum(sent)]
        end = sum(sent) + len(frame)
        out.append((end, frame))
        try:
            sent.extend(map(self._send, (frame,)))
        except BlockingIOError:
            pass
        except OSError as error:
            return self._broke(error)
        if sum(sent) == end:
            if out and out[0][1] is frame:
                out.popleft()
        else:
            self._flush()

    def send_parts(self, parts: list[Part]) -> None:
        """Queues the parts of one frame; small ones are joined."""
        small: list[Part] = []
        for part in parts:
            if len(part) < _APART:
                small.append(part)
                continue
            if small:
                self.send(b"".join(small))
                small = []
            self.send(part)
        if small:
            self.send(b"".join(small))

    def _flush(self) -> None:
        out = self._out
        while not self.closed:
            if len(self._sent) > 64:
                self._sent = [sum(self._sent)]
            total = sum(self._sent)
            while out and out[0][0] <= total:
                out.popleft()
            if not out:
                break
            end, part = out[0]
            behind = len(part) - (end - total)
            view: Part = memoryview(part)[behind:] if behind else part
            try:
                self._sent.extend(map(self._send, (view,)))
            except BlockingIOError:
                if not self._watching:
                    self._watching = True
                    self._pump.watch_output(self._fd, True)
                return
            except OSError as error:
                return self._broke(error)
        if self._watching and not self.closed:
            self._watching = False
            self._pump.watch_output(self._fd, False)

    # ── receiving ────────────────────────────────────────────────────────────────────────────

    def feed(self, data: bytes) -> None:
        """Takes bytes that were read before the channel was made."""
        self._decode(lambda: self._decoder.feed(data))

    def on_events(self, events: int) -> None:
        """Reads and writes what the socket allows."""
        if events & select.EPOLLOUT:
            self._flush()
        if events & _READABLE:
            self.read()

    def read(self) -> None:
        """Reads what is there (up to a bound, so that other channels get their turn)."""
        decoder = self._decoder
        inbox = decoder.inbox
        for _ in range(64):
            if self.closed:
                return
            large = decoder.large
            try:
                decoder.run()  # what a signal interrupted
                large = decoder.large
                if large is None:
                    inbox.extend(map(self._recv, _READ))
                    if not inbox[0]:
                        inbox.clear()
                        return self._ended()
                    full = len(inbox[0]) == _READ[0]
                else:
                    room = large.room()
                    large.counts.extend(map(self._recv_into, (room,)))
                    if large.counts[-1] == 0:
                        return self._ended()
                    full = True
                decoder.run()
            except BlockingIOError:
                return
            except (OSError, ProtocolError) as error:
                return self._broke(error)
            if not full:
                return

    def _decode(self, work: Callable[[], None]) -> None:
        try:
            work()
        except ProtocolError as error:
            self._broke(error)

    def _ended(self) -> None:
        cut = "" if self._decoder.idle else " in the middle of a message"
        self._broke(ConnectionError(f"the peer ended the connection{cut}"))

    def _broke(self, reason: Exception) -> None:
        if not self.closed:
            self.close()
            self._on_close(reason)

    def close(self) -> None:
        """Closes the socket; `on_close` is not called."""
        if not self.closed:
            self.closed = True
            self._pump.unregister(self._fd)
            self._out.clear()
            self._sock.close()

    def abandon(self) -> None:
        """Closes this process's descriptor after a fork, without touching the parent's poll."""
        self.closed = True
        self._out.clear()
        self._sock.close()
