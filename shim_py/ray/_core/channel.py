"""A non-blocking socket that carries frames, and remembers how far it is.

A signal's handler may raise between any two steps. What C code has read is in the decoder's
``inbox``, what it has written is counted in ``_sent``: both are appended to by C code in the same
step as the system call (``list.extend(map(recv, …))``), so that no byte is lost or sent twice. A
finalizer or a handler may also come in between and use the same channel: what a step has looked up
is looked up again where `_turn` or the decoder's state says that this happened.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
from collections import deque
from collections.abc import Iterator
from typing import Callable, Union

from .frames import PEER_LIMITS, Fast, FrameDecoder, Handler, Limits, ProtocolError
from .pump import Pump

Part = Union[bytes, memoryview]

_READ = (64 * 1024,)
#: Parts from here on are sent where they are instead of being joined with their head.
APART = 16 * 1024
_READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
#: What sending says where the peer has ended.
_ENDED = frozenset((errno.EPIPE, errno.ECONNRESET))


def accept_waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that have dialed a non-blocking listener, with room for what is sent."""
    while True:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        widen(sock)
        yield sock


def connect(path: str) -> socket.socket:
    """A connection to a Unix socket, with room for what is sent.

    Raises:
        OSError: nobody listens there, or too many wait.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    widen(sock)
    return sock


def widen(sock: socket.socket) -> None:
    """Lets a large frame go out in few steps."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)


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
        "_turn",
        "_watching",
        "closed",
        "ended",
    )

    def __init__(
        self,
        pump: Pump,
        sock: socket.socket,
        on_frame: Handler,
        on_close: Callable[[Exception], None],
        limits: Limits = PEER_LIMITS,
        fast: Fast | None = None,
    ) -> None:
        sock.setblocking(False)
        self._pump = pump
        self._sock = sock
        self._fd = sock.fileno()
        self._decoder = FrameDecoder(on_frame, limits, fast)
        self._on_close = on_close
        self._recv = sock.recv
        self._recv_into = sock.recv_into
        self._send = sock.send
        # Where each part ends in the stream, and the part.
        self._out: deque[tuple[int, Part]] = deque()
        self._sent: list[int] = []
        self._watching = False
        # Raised with each read or write that must not be repeated with stale knowledge.
        self._turn = 0
        self.closed = False
        #: Whether nothing can be sent any more; what the peer said before it ended is still read.
        self.ended = False
        pump.register(self._fd, self)

    # ── sending ──────────────────────────────────────────────────────────────────────────────

    @property
    def sending(self) -> bool:
        """Whether something is queued."""
        return bool(self._out)

    def send(self, frame: Part) -> None:
        """Queues a frame and tries to send it where nothing is before it."""
        out = self._out
        sent: list[int] = []
        item = (len(frame), frame)
        sending = map(self._send, (frame,))
        if self.ended:
            return
        if out:
            self.send_parts([frame])
            return
        # Nothing is queued, so everything counted has been accounted for: count anew.
        self._sent = sent
        self._turn += 1
        out.append(item)
        if not sent and out and out[0] is item:
            try:
                sent.extend(sending)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno is None:
                    raise
                self._refused(error)
                return
            if sent and sent[0] == item[0] and out and out[0] is item:
                out.popleft()
                return
        self._flush()

    def send_parts(self, parts: list[Part]) -> None:
        """Queues the parts of one frame, all or none; small ones are joined."""
        joined: list[Part] = []
        small: list[Part] = []
        for part in parts:
            if len(part) < APART:
                small.append(part)
                continue
            if small:
                joined.append(b"".join(small))
                small = []
            joined.append(part)
        if small:
            joined.append(b"".join(small))
        out = self._out
        while not self.ended:
            last = out[-1] if out else None
            end = last[0] if last is not None else sum(self._sent)
            sent = self._sent
            items = []
            for part in joined:
                end += len(part)
                items.append((end, part))
            # Something sent from a finalizer meanwhile would make the ends wrong.
            if (out[-1] if out else None) is last and self._sent is sent:
                out.extend(items)
                break
        if not self._watching:
            self._flush()

    def _flush(self) -> None:
        out = self._out
        while not self.ended:
            turn = self._turn
            if len(self._sent) > 64:
                self._sent = [sum(self._sent)]
            sent = self._sent
            total = sum(sent)
            while out and out[0][0] <= total:
                out.popleft()
            if not out:
                break
            end, part = out[0]
            behind = len(part) - (end - total)
            view: Part = memoryview(part)[behind:] if behind else part
            sending = map(self._send, (view,))
            if self._turn != turn or self._sent is not sent:
                continue  # a finalizer or a signal's handler has sent meanwhile
            self._turn = turn + 1
            try:
                sent.extend(sending)
            except BlockingIOError:
                if not self._watching:
                    self._watching = True
                    self._pump.watch_output(self._fd, True)
                return
            except OSError as error:
                if error.errno is None:
                    raise
                self._refused(error)
                return
        self._watch_no_output()

    def _watch_no_output(self) -> None:
        if self._watching and not self.closed:
            self._watching = False
            self._pump.watch_output(self._fd, False)

    def _refused(self, error: OSError) -> None:
        """Sending failed; where the peer has ended, its last words and its end are still read."""
        if error.errno not in _ENDED:
            self._broke(error)
            return
        self.ended = True
        self._out.clear()
        self._watch_no_output()
        self._pump.serve_soon()

    # ── receiving ────────────────────────────────────────────────────────────────────────────

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
        try:
            data, at, taken, large = decoder.state
            if inbox or at < len(data) or large is not None or taken is not None:
                decoder.run()  # what a signal interrupted, maybe
            for _ in range(64):
                if self.closed:
                    return
                turn = self._turn
                state = decoder.state
                large = state[3]
                if large is None:
                    reading = map(self._recv, _READ)
                    if decoder.state is not state:
                        continue  # a finalizer or a signal's handler has read meanwhile
                    inbox.extend(reading)
                    chunk = inbox[0] if inbox else b" "
                    if not chunk:
                        inbox.clear()
                        self._ended()
                        return
                    decoder.run()
                    if len(chunk) < _READ[0]:
                        return
                else:
                    counts = large.counts
                    filling = map(self._recv_into, (large.room(),))
                    if self._turn != turn or large.counts is not counts:
                        continue
                    self._turn = turn + 1
                    counts.extend(filling)
                    if not counts[-1]:
                        self._ended()
                        return
                    decoder.run()
        except BlockingIOError:
            return
        except ProtocolError as error:
            self._broke(error)
        except OSError as error:
            if error.errno is None:
                raise  # not of a system call: a signal's handler raised it
            self._broke(error)
        except (KeyError, TypeError) as error:
            self._broke(ProtocolError(f"Cannot take a message: its fields are wrong ({error!r})"))

    def give_up(self, error: BaseException) -> None:
        """Ends the connection because what it brings cannot be handled."""
        self._broke(ProtocolError(f"Cannot take a message: {error!r}"))

    def _ended(self) -> None:
        cut = "" if self._decoder.idle else " in the middle of a message"
        self._broke(ConnectionError(f"the peer ended the connection{cut}"))

    def _broke(self, reason: Exception) -> None:
        if not self.closed:
            self._pump.seclude()
            self.close()
            self._on_close(reason)

    def close(self) -> None:
        """Closes the socket; `on_close` is not called."""
        if not self.closed:
            self.closed = self.ended = True
            self._pump.unregister(self._fd)
            self._out.clear()
            self._sock.close()

    def abandon(self) -> None:
        """Closes this process's descriptor after a fork, without touching the parent's poll."""
        self.closed = self.ended = True
        self._out.clear()
        self._sock.close()
