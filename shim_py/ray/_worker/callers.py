"""The worker's side of the call channels: who calls, and what each has been answered.

A caller that comes back after a broken channel sends again what it has no answer to; what was
done is answered from memory, which a caller's acknowledgements clear.
"""

from __future__ import annotations

import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Union

from ray._core.calls import ACK_KEY, CALL_START, CALL_TAIL, Method, unpack_call_tail
from ray._core.channel import Channel, accept_waiting
from ray._core.frames import Body, Header, ProtocolError, decode_header, encode_head
from ray._core.protocol import PROTOCOL_VERSION
from ray._core.pump import Pump
from ray._core.serialization import Part
from ray._core.values import Answer

from .sending import Outgoing

if TYPE_CHECKING:
    from ray._core.object_service import HolderLink
    from ray._core.object_table import ObjectTable
    from ray._core.session import Session

Frame = Union[bytes, list[Part]]

#: How long a caller that is gone is remembered, in seconds.
_MEMORY = 600.0
#: The header of a call that has nothing special.
PLAIN: Header = {"kind": "call"}
#: Methods whose headers are known by their bytes.
_MOST_KNOWN = 1024


class Caller:
    """A process that calls, whatever its channels. Everything happens with the lock held."""

    __slots__ = (
        "absences",
        "acked",
        "cancelled",
        "channel",
        "done",
        "id",
        "node",
        "objects",
        "running",
        "seen",
        "started",
        "streams",
        "withdrawn",
    )

    def __init__(self, id: str, objects: ObjectTable, node: str) -> None:
        self.id = id
        self.objects = objects
        self.node = node
        self.channel: Channel | None = None
        #: How often its channel has ended.
        self.absences = 0
        #: The highest call number that arrived, and the highest that was begun.
        self.seen = 0
        self.started = 0
        self.acked = 0
        self.done: dict[int, Frame] = {}
        self.cancelled: set[int] = set()
        #: Those of `cancelled` that were answered before they were begun.
        self.withdrawn: set[int] = set()
        #: Coroutines under way, to be cancelled.
        self.running: dict[int, Any] = {}
        #: The values of generators that may have to be sent again.
        self.streams: dict[int, Outgoing] = {}

    def answer(self, seq: int, frame: Frame, settled: bool = False) -> None:
        """Sends an answer and keeps it until it is acknowledged.

        Not before the owners of references that came with calls know of those that are still here:
        the answer ends the time for which the caller keeps their values.
        """
        if self.objects.unheld and not settled:
            self.objects.settle(lambda: self.answer(seq, frame, True))
            return
        self.done[seq] = frame
        self.cancelled.discard(seq)
        self.running.pop(seq, None)
        self.send(frame)

    def answer_again(self, seq: int, header: Header) -> None:
        """Sends the answer to a call that was repeated, if it is there yet."""
        stream = self.streams.get(seq)
        if stream is not None:
            stream.took(0, header.get("taken") or 0)
            for item in list(stream.frames):
                self.send(item)
        frame = self.done.get(seq)
        if frame is not None:
            self.send(frame)

    def send(self, frame: Frame) -> None:
        """Sends a frame where the caller can be reached now."""
        channel = self.channel
        if channel is not None:
            if isinstance(frame, list):
                channel.send_parts(frame)
            else:
                channel.send(frame)

    def acknowledge(self, ack: int) -> None:
        """All answers up to ``ack`` have arrived."""
        acked = self.acked
        done = self.done
        if ack > self.seen:
            raise ProtocolError(f"Cannot take an acknowledgement of call {ack}: it was never made")
        while acked < ack:
            acked += 1
            done.pop(acked, None)
        self.acked = acked
        if self.streams:
            for seq in [seq for seq in self.streams if seq <= acked]:
                del self.streams[seq]


#: A call that arrived: caller, number, method, header and body.
Task = tuple[Caller, int, str, Header, Body]


class Inbox:
    """Calls in the order of their arrival; ``done`` while there are any."""

    __slots__ = ("_pump", "done", "on_put", "sleepers", "tasks")

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self.tasks: deque[Task | None] = deque()
        self.done = False
        self.sleepers: Any = None
        self.on_put: Callable[[], None] | None = None

    def put(self, task: Task | None) -> None:
        """Adds a call, or None: the worker is to end once it gets there. The lock is held."""
        self.tasks.append(task)
        if not self.done:
            self._pump.finish(self)
            if self.on_put is not None:
                self.on_put()

    def end_first(self) -> None:
        """Lets the worker end before it begins another call. The lock is held."""
        self.tasks.appendleft(None)
        if not self.done:
            self._pump.finish(self)
            if self.on_put is not None:
                self.on_put()


class Callers:
    """Accepts call channels on the worker's socket.

    Args:
        on_cancel: called with the lock held to cancel a call that has no answer: its caller and
            number, by force, with what it has called.
    """

    def __init__(
        self,
        pump: Pump,
        listener: socket.socket,
        inbox: Inbox,
        on_cancel: Callable[[Caller, int, bool, bool], None],
        session: Session,
    ) -> None:
        self._session = session
        self._pump = pump
        self._listener = listener
        self._inbox = inbox
        self._on_cancel = on_cancel
        self._callers: dict[str, Caller] = {}
        self._identity: tuple[str, int] | None = None
        self._early: list[socket.socket] = []
        listener.setblocking(False)
        with pump.lock:
            pump.register(listener.fileno(), self)

    def open(self, actor_id: str, incarnation: int) -> None:
        """Who this worker is: channels that came before are served now."""
        with self._pump.lock:
            self._identity = (actor_id, incarnation)
            early, self._early = self._early, []
            for sock in early:
                _Link(self, sock)

    def on_events(self, _events: int) -> None:
        """Accepts what dialed."""
        self._pump.seclude()
        for sock in accept_waiting(self._listener):
            if self._identity is None:
                self._early.append(sock)
            else:
                _Link(self, sock)

    def give_up(self, error: BaseException) -> None:
        """The listening socket itself does not fail; what dialed again will be accepted."""

    @property
    def unheard(self) -> bool:
        """Whether a caller that can be reached has not acknowledged an answer. The lock is held."""
        return any(caller.done for caller in self._callers.values() if caller.channel is not None)

    def flush(self) -> bool:
        """Whether everything is sent, and what is inside of values is held by who got them."""
        with self._pump.lock:
            return self._session.objects.settled and not any(
                caller.channel.sending
                or any(type(frame) is Answer for frame in caller.done.values())
                for caller in self._callers.values()
                if caller.channel is not None
            )


class _Link:
    """One channel of a caller, from its hello on."""

    def __init__(self, callers: Callers, sock: socket.socket) -> None:
        self._callers = callers
        self._caller: Caller | None = None
        self._holder: HolderLink | None = None
        # What the plainest calls' headers begin with, and their methods.
        self._known: dict[bytes, str] = {}
        self._channel = Channel(
            callers._pump, sock, self._on_frame, self._on_close, fast=self._on_fast
        )

    def _on_fast(self, data: bytes, at: int, body_at: int, end: int) -> bool:
        """Takes the plainest kind of call by its bytes."""
        tail = body_at - CALL_TAIL
        if tail <= at:
            return False
        start = data[at:tail]
        method = self._known.get(start)
        if method is None:
            return self._learn(start, data[at:body_at])
        seq, key, ack = unpack_call_tail(data, tail)
        caller = self._caller
        if caller is None or key != ACK_KEY:
            return False
        if ack > caller.acked:
            caller.acknowledge(ack)
        if seq == caller.seen + 1:
            self._callers._inbox.put((caller, seq, method, PLAIN, data[body_at:end]))
            caller.seen = seq
            return True
        return False

    def _learn(self, start: bytes, packed: bytes) -> bool:
        if start.startswith(CALL_START) and len(self._known) < _MOST_KNOWN:
            header = decode_header(packed)
            if start == Method(str(header.get("method"))).start:
                self._known[start] = str(header["method"])
        return False

    def _on_frame(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        caller = self._caller
        if kind not in ("call", "call.ack"):
            self._callers._pump.seclude()
        if kind == "call":
            if caller is None:
                raise ProtocolError("Cannot take `call` before `call.hello`")
            seq = header["seq"]
            caller.acknowledge(header["ack"])
            if seq == caller.seen + 1:
                # Put first: what a signal repeats is left out when it is begun, see `started`.
                self._callers._inbox.put((caller, seq, header["method"], header, body))
                caller.seen = seq
            elif seq <= caller.seen:
                caller.answer_again(seq, header)
            else:
                raise ProtocolError(f"Cannot take call {seq} after call {caller.seen}")
        elif kind == "call.ack":
            if caller is not None:
                caller.acknowledge(header["ack"])
        elif kind == "cancel":
            if caller is not None:
                recursive = header.get("recursive", True)
                self._cancel(caller, header["seq"], bool(header.get("force")), bool(recursive))
        elif kind == "stream.took":
            stream = caller.streams.get(header["seq"]) if caller is not None else None
            if stream is not None:
                stream.took(header["arrived"], header["taken"])
        elif kind == "call.hello":
            self._greet(header)
        elif kind == "object.hello":
            service = self._callers._session.object_service
            self._holder = service.greet(header, self._channel)
        elif self._holder is not None:
            self._holder.on_frame(header, body)

    def _cancel(self, caller: Caller, seq: int, force: bool, recursive: bool) -> None:
        if seq > caller.seen or seq in caller.done or seq <= caller.acked:
            return
        caller.cancelled.add(seq)
        stream = caller.streams.get(seq)
        if stream is not None:
            stream.stop()
        self._callers._on_cancel(caller, seq, force, recursive)

    def _greet(self, header: Header) -> None:
        callers = self._callers
        identity = callers._identity
        refusal = None
        if header["protocol"] != PROTOCOL_VERSION:
            refusal = f"this worker speaks protocol {PROTOCOL_VERSION}, not {header['protocol']}"
        elif identity != (header["actor_id"], header["incarnation"]):
            refusal = f"this worker is {identity}"
        if refusal is not None:
            self._channel.send(encode_head({"kind": "call.refused", "message": refusal}))
            self._channel.close()
            return
        caller = callers._callers.get(header["caller"])
        if caller is None:
            objects, node = callers._session.objects, header.get("node") or ""
            caller = Caller(header["caller"], objects, node)
            callers._callers[caller.id] = caller
        if caller.channel is not None and caller.channel is not self._channel:
            caller.channel.close()
        self._caller = caller
        caller.channel = self._channel
        assert identity is not None
        self._channel.send(
            encode_head({"kind": "call.welcome", "incarnation": identity[1], "done": caller.seen})
        )

    def _on_close(self, _reason: Exception) -> None:
        if self._holder is not None:
            self._holder.on_close()
        caller = self._caller
        if caller is None or caller.channel is not self._channel:
            return
        caller.channel = None
        caller.absences = absence = caller.absences + 1
        callers = self._callers

        def forget() -> None:
            if caller.channel is None and caller.absences == absence:  # not back meanwhile
                callers._callers.pop(caller.id, None)

        callers._pump.call_later(_MEMORY, forget)
