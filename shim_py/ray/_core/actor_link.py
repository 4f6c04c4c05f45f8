"""The caller's side of one actor: its calls in order, and the channel to its worker.

    idle ──▶ locating ──▶ open ──▶ asking ──▶ locating | dead
                  └─▶ dead   (asking: the channel broke; is the actor dead?)

A call goes from ``queue`` (submitted) to ``pending`` (sent, without an answer) and is done with its
answer. Only a death report fails it: after a broken channel what is pending is sent again, and the
worker answers what it has done from memory. All of it happens with the pump's lock held, and each
step can be repeated where a signal interrupted it: a call sent twice has the same number.

It is long because queue, numbers and states change in the same steps, which must be read together.
"""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from ray.exceptions import ActorUnavailableError, TaskCancelledError

from .calls import ACK_KEY, RESULT_LENGTH, RESULT_START, U32, Call, unpack_u32
from .channel import APART, Channel, connect
from .control import Outcome
from .driver_logs import actor_words, show_death
from .errors import DaemonLost, RequestFailed, actor_death, unable_to_connect
from .frames import Body, Header, ProtocolError, encode_head
from .ids import TaskID
from .protocol import PROTOCOL_VERSION
from .serialization import Parts
from .streams import StreamCall
from .values import received_values, split_values

if TYPE_CHECKING:
    import socket

    from .owner_link import OwnerLink
    from .session import Session

logger = logging.getLogger("ray")

#: Answers that the worker keeps until it hears that they arrived: tell it after so many, or bytes.
_ACK_CALLS = 256
_ACK_BYTES = 1024 * 1024
#: What a result may have that cannot be taken in twice.
_RARE = frozenset(("failed", "refs", "retry"))
#: Errors of opening a socket that are this process's own, and say nothing of the worker.
_OWN_LIMITS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS))
#: What is said of an actor that is not known to be dead, and cannot be reached.
_UNREACHABLE = "%s on %s cannot be reached (%s); it is tried until it, or its node, counts as lost."
#: The longest pause between two attempts to reach a worker that is said to live, in seconds.
_LONGEST_PAUSE = 2.0


class ActorLink:
    """See the top of this file."""

    def __init__(self, session: Session, actor_id: str) -> None:
        self.session = session
        self.actor_id = actor_id
        self.state = "idle"
        self.incarnation: int | None = None
        self.queue: deque[Call] = deque()
        self.pending: dict[int, Call] = {}
        self.facts: dict[str, Any] = {"actor_id": actor_id}
        self.death: BaseException | None = None
        #: Sent once nothing is under way: the creator holds no handle any more.
        self.release_wanted = False
        #: What is released then instead of the actor, which another process created.
        self.handle: tuple[bytes, OwnerLink] | None = None
        #: The daemon was told: the end of the channel is no failure.
        self.released = False
        self.max_task_retries = 0
        #: What the actor's constructor was given, while it may be made (again) from that.
        self.creation: Any = None
        #: Calls may overtake those that wait for their arguments, which are held meanwhile.
        self.any_order = False
        self.held: dict[Call, None] = {}
        self._channel: Channel | None = None
        self._next_seq = 1
        # All calls up to here are answered, and those of `_answered` beyond.
        self._ack = 0
        self._answered: set[int] = set()
        self._ack_told = 0
        self._unacked_bytes = 0
        self._greeted = False
        self._attempts = 0
        #: Why the channel ended.
        self._broken: Exception | None = None
        self._wanted: int | None = None

    # ── submitting ───────────────────────────────────────────────────────────────────────────

    def submit(self, call: Call) -> None:
        """Takes a call; never waits."""
        if self.death is not None:
            call.fail_all(self.death)
            return
        self.queue.append(call)
        self.advance()

    def advance(self) -> None:
        """Sends what may be sent."""
        channel = self._channel
        if channel is None or not self._greeted:
            if self.state == "idle" and self.queue:
                self._locate()
            return
        queue = self.queue
        while queue and not channel.ended:
            call = queue[0]
            if call.waiting:
                if self.any_order:
                    # Whoever has its arguments goes first; this one comes back when it has them.
                    queue.popleft()
                    self.held[call] = None
                    continue
                return
            if call.cancelled or call.failed is not None:
                if queue and queue[0] is call:
                    queue.popleft()
                self._answer_here(call)
                continue
            # Numbered, and awaiting its answer, before anything can come in between: a call that
            # is sent twice for that has the same number.
            seq = call.seq
            if seq == 0:
                seq = self._next_seq
                call.seq = seq
                self._next_seq = seq + 1
                self.pending[seq] = call
            elif seq >= self._next_seq:
                self._next_seq = seq + 1
                self.pending[seq] = call
            ack = self._ack_told = self._ack
            arguments = call.arguments
            if type(arguments) is bytes and seq <= U32 and call.extra is None:
                method = call.method
                size = len(arguments)
                head = method.pack(method.length, size, method.start, seq, ACK_KEY, ack)
                if size < APART:
                    channel.send(head + arguments)
                else:
                    channel.send_parts([head, arguments])
            else:
                frame = call.frame(ack)
                channel.send_parts(frame if isinstance(frame, list) else [frame])
            if queue and queue[0] is call:
                queue.popleft()

    def _answer_here(self, call: Call) -> None:
        if call.failed is not None:
            ok, parts, error = call.failed
            if error is not None:
                call.fail_all(error)
            else:
                call.fill_all(ok, [parts])

    def cancel(self, call: Call, force: bool, recursive: bool) -> None:
        """Cancels a call: what was sent by asking the worker, others here. The lock is held."""
        call.cancelled = True
        if call.seq and call.seq in self.pending:
            header = {"kind": "cancel", "seq": call.seq, "force": force, "recursive": recursive}
            # Told again on the next channel: this one may just have broken.
            call.cancellation = header
            self.tell(call, header)
            return
        task = TaskID(call.task_id()).hex()
        call.fail_all(TaskCancelledError(task))
        # It does not hold back those behind it until its arguments are there.
        call.waiting = 0
        self.held.pop(call, None)
        self.advance()

    def tell(self, call: Call, header: Header) -> None:
        """Says something about a call that was sent, where its worker can be reached now."""
        channel = self._channel
        if channel is not None and call.seq in self.pending:
            channel.send(encode_head(header))

    def resume_held(self, call: Call) -> None:
        """The arguments of a call that was overtaken are there."""
        if call in self.held:
            del self.held[call]
            self.queue.append(call)

    @property
    def outstanding(self) -> bool:
        """Whether calls are without an answer."""
        return bool(self.pending or self.queue or self.held)

    def unanswered(self) -> Iterator[Call]:
        """The calls without an answer."""
        return chain(list(self.pending.values()), list(self.queue), list(self.held))

    # ── finding the worker ───────────────────────────────────────────────────────────────────

    def _locate(self) -> None:
        self.state = "locating"
        fields: dict[str, Any] = {"actor_id": self.actor_id}
        if self._wanted is not None:
            fields["incarnation"] = self._wanted
        self.session.control.ask("actor.locate", fields, self._on_located)

    def _on_located(self, outcome: Outcome) -> None:
        if self.state != "locating":
            return
        if isinstance(outcome, Exception):
            self._on_refused(outcome)
            return
        fields = outcome.fields
        for name in ("class_name", "name", "namespace", "pid", "node_ip"):
            if fields.get(name) is not None:
                self.facts["ip" if name == "node_ip" else name] = fields[name]
        if fields["state"] == "dead":
            self.die(fields.get("report"), bytes(outcome.body))
            return
        incarnation = fields["incarnation"]
        if self.incarnation is not None and incarnation != self.incarnation:
            self._restarted({"message": f"incarnation {incarnation} took its place"})
            if self.death is not None:
                return
        self.incarnation = incarnation
        path = fields.get("socket")
        elsewhere: Header | None = None
        if not path:
            # On another node: this one's daemon makes the stream.
            path = fields.get("via") or ""
            elsewhere = {
                "kind": "splice",
                "actor_id": self.actor_id,
                "incarnation": incarnation,
                "node": fields.get("node_id"),
            }
        try:
            sock = connect(path)
        except OSError as error:
            # What was sent may have been done: it waits. The rest need not wait for files.
            if error.errno in _OWN_LIMITS and not self.pending:
                self._fail_waiting(unable_to_connect(error))
                return
            self._on_broken(error)
            return
        self._opened(sock, elsewhere)

    def _fail_waiting(self, error: BaseException) -> None:
        """Nothing that waits can be sent now; later calls try again."""
        self.state = "idle"
        for call in (*self.queue, *self.held):
            call.fail_all(error)
        self.queue.clear()
        self.held.clear()

    def _on_refused(self, error: Exception) -> None:
        if isinstance(error, DaemonLost):
            self.fail_all(error)
            return
        if isinstance(error, RequestFailed):
            mend = f" {error.mend}" if error.mend else ""
            report = {"kind": "start", "message": error.message + mend}
            self.die(report, b"")
            return
        self.fail_all(error)

    def _on_spliced(self, header: Header) -> None:
        """The stream to another node is there; `relayed` says why it is not the direct one."""
        why = header.get("relayed")
        told = self.session.relayed_nodes
        ip = str(self.facts.get("ip"))
        if why is not None and ip not in told:
            told.add(ip)
            logger.warning(
                "Calls to actors on %s are relayed by the head, which is slower: that node's port "
                "%s could not be reached (%s). Open that port (`beam doctor --cluster` names the "
                "line), or choose another with `beam up --node-port`.",
                ip,
                header.get("port"),
                why,
            )

    def _opened(self, sock: socket.socket, elsewhere: Header | None) -> None:
        pump = self.session.pump
        channel = Channel(pump, sock, self._on_frame, self._on_channel_closed, fast=self._on_fast)
        self._channel = channel
        self.state = "open"
        if elsewhere is not None:
            channel.send(encode_head(elsewhere))
        channel.send(
            encode_head(
                {
                    "kind": "call.hello",
                    "protocol": PROTOCOL_VERSION,
                    "caller": self.session.caller_id,
                    "actor_id": self.actor_id,
                    "incarnation": self.incarnation,
                    "job_id": self.session.job_id.hex(),
                    "node": self.session.node_id,
                }
            )
        )
        # The first time the worker cannot have seen anything: no need to wait for its welcome.
        self._greeted = not self.pending and self._next_seq == 1
        self.advance()

    # ── what the worker says ─────────────────────────────────────────────────────────────────

    def _on_frame(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        if kind != "result" or _RARE.intersection(header):
            self.session.pump.seclude()
        if kind == "result":
            self._on_result(header, body)
        elif kind == "call.welcome":
            self._on_welcome(header)
        elif kind == "spliced":
            self._on_spliced(header)
        elif kind in {"call.refused", "refused"}:
            raise ProtocolError(str(header.get("message")))

    def _seclude(self, call: Call, more: bool) -> None:
        """Leaves an answer to the I/O thread where a part of what comes of it would be lost."""
        if self.release_wanted or not call.is_plain(more):
            self.session.pump.seclude()

    def _on_result(self, header: Header, body: Body) -> None:
        call = self.pending.get(header["seq"])
        if call is not None:
            self._seclude(call, bool(header.get("more")))
        values = split_values(header["buffers"], body) if "buffers" in header else [body]
        objects = self.session.objects
        if "refs" in header:
            values = received_values(objects, header, values)
        elif not isinstance(call, StreamCall):
            self._take_result(header, values, len(body))
            return
        incarnation = self.incarnation

        def take() -> None:
            if self.incarnation == incarnation:
                # As if it were large: it is acknowledged at once.
                self._take_result(header, values, max(len(body), _ACK_BYTES))

        # The worker keeps what is inside until this answer is acknowledged. The values of a
        # generator stay in their order.
        objects.settle(take)

    def _take_result(self, header: Header, values: list[Parts], size: int) -> None:
        seq = header["seq"]
        call = self.pending.get(seq)
        if call is not None:
            ok = header["ok"]
            if header.get("more"):
                call.take_item(header["index"], ok, values)
                return
            if not ok and header.get("retry") and call.retries != 0 and not call.cancelled:
                call.retries -= 1 if call.retries > 0 else 0
                call.seq = 0
                # First, so that the actor is not released in between.
                self.queue.append(call)
                self._answered_one(seq, size)
                self.advance()
                return
            if header.get("failed"):
                call.fill_partly(values, header["failed"])
            else:
                call.fill_all(ok, values)
            self._answered_one(seq, size)

    def _on_fast(self, data: bytes, at: int, body_at: int, end: int) -> bool:
        """Takes the plainest kind of result by its bytes."""
        if body_at - at != RESULT_LENGTH or not data.startswith(RESULT_START, at):
            return False
        (seq,) = unpack_u32(data, body_at - 4)
        call = self.pending.get(seq)
        if call is not None:
            if call.entries is not None:
                return False
            self._seclude(call, False)
            call.arguments = b""
            call.fill(True, data[body_at:end])
            self._answered_one(seq, end - body_at)
        return True

    def _answered_one(self, seq: int, size: int) -> None:
        pending = self.pending
        if seq not in pending:
            return
        ack = self._ack
        if seq == ack + 1:
            ack = self._ack = seq
            answered = self._answered
            while ack + 1 in answered:
                ack += 1
                self._ack = ack
                answered.discard(ack)
        elif seq > ack:
            self._answered.add(seq)
        # Last: what a signal cuts off before is done again.
        pending.pop(seq, None)
        self._unacked_bytes += size
        if ack - self._ack_told >= _ACK_CALLS or self._unacked_bytes >= _ACK_BYTES:
            self._tell_ack()
        if self.release_wanted and not self.outstanding:
            self.session.release(self)

    def _tell_ack(self) -> None:
        channel = self._channel
        if channel is not None and self._ack > self._ack_told:
            self._ack_told = self._ack
            self._unacked_bytes = 0
            channel.send(encode_head({"kind": "call.ack", "ack": self._ack}))

    def _on_welcome(self, header: Header) -> None:
        self._attempts = 0
        if self._greeted:
            return
        self._greeted = True
        done = header["done"]
        channel = self._channel
        for seq in sorted(self.pending):
            call = self.pending[seq]
            if channel is None or channel.ended:
                return
            frame = call.probe(self._ack) if seq <= done else call.frame(self._ack)
            channel.send_parts(frame if isinstance(frame, list) else [frame])
            if call.cancellation is not None:
                channel.send(encode_head(call.cancellation))
        self.advance()

    # ── when it breaks ───────────────────────────────────────────────────────────────────────

    def _on_channel_closed(self, reason: Exception) -> None:
        self._channel = None
        self._greeted = False
        if self.released and not self.outstanding:
            self.state = "idle"
            self.session.unlink(self)
        elif self.state == "open":
            self._on_broken(reason)

    def _on_broken(self, reason: Exception) -> None:
        """The way to this incarnation does not work: is the actor dead?"""
        self.state = "asking"
        self._broken = reason
        fields = {"actor_id": self.actor_id, "incarnation": self.incarnation}
        self.session.control.ask("actor.report", fields, self._on_report)

    def _on_report(self, outcome: Outcome) -> None:
        if self.state != "asking":
            return
        if isinstance(outcome, Exception):
            self._on_refused(outcome)
            return
        fields = outcome.fields
        state = fields["state"]
        if state == "dead":
            self.die(fields.get("report"), bytes(outcome.body))
            return
        if state == "alive" and fields["incarnation"] == self.incarnation:
            self._try_again()
            return
        report = fields.get("report") or {}
        self._hear(report)
        self._wanted = max(fields["incarnation"], (self.incarnation or 0) + 1)
        self._restarted(report)
        self.resume()

    def _try_again(self) -> None:
        if not self.outstanding:
            self.state = "idle"
            return
        self._attempts += 1
        if self._attempts == 1:
            self._locate()
            return
        if self._attempts == 2 and self.session.created(self.actor_id):
            # Whoever works with it may fail of that before the node counts as lost.
            said = (actor_words(self.facts), self.facts.get("ip"), self._broken)
            self.session.pump.deferred.append(lambda: logger.warning(_UNREACHABLE, *said))
        pause = min(_LONGEST_PAUSE, 0.025 * 2 ** min(self._attempts, 10))

        def locate() -> None:
            if self.state == "asking":
                self._locate()

        self.session.pump.call_later(pause, locate)

    def resume(self) -> None:
        """Looks for the worker again where calls want it."""
        if self.death is None:
            self.state = "idle"
            self.advance()

    def _restarted(self, report: dict[str, Any] | None) -> None:
        """Another incarnation takes the place of the one that calls were sent to."""
        report = report or {}
        why = str(report.get("message") or "its worker ended and is started again")
        # What was sent to who never began with it has only waited.
        unbegun = bool(report.get("unbegun"))
        # Ray's rule: what a drained node interrupts is done again at no cost.
        cost = 0 if unbegun or report.get("preempted") else 1
        pending, self.pending = self.pending, {}
        self._next_seq = 1
        self._ack = self._ack_told = self._unacked_bytes = 0
        self._answered.clear()
        self.incarnation = None
        again: list[Call] = []
        for seq in sorted(pending):
            call = pending[seq]
            if (call.retries == 0 and not unbegun) or call.cancelled:
                call.fail_all(ActorUnavailableError(why, bytes.fromhex(self.actor_id)))
            else:
                call.retries -= cost if call.retries > 0 else 0
                call.seq = 0
                again.append(call)
        if self.queue and self.queue[0].seq:
            self.queue[0].seq = 0
        self.queue.extendleft(reversed(again))

    def on_state(self, header: Header, body: Body) -> None:
        """The daemon says that the actor changed."""
        state, incarnation = header["state"], header["incarnation"]
        if state == "dead":
            # Answers may be waiting in the channel behind which the death was told.
            channel = self._channel
            if channel is not None and not channel.closed:
                self.state = "told"
                channel.read()
            self.die(header.get("report"), bytes(body))
            return
        stale = self.incarnation is not None and incarnation > self.incarnation
        if state == "restarting" or stale:
            if self.incarnation is None or (state != "restarting" and not stale):
                return
            if state == "restarting" and incarnation < self.incarnation:
                return
            channel = self._channel
            if channel is not None and not channel.closed:
                self.state = "told"
                channel.read()
                channel.close()
            self._channel = None
            self._greeted = False
            self._wanted = self.incarnation + 1
            report = header.get("report") or {}
            self._hear(report)
            self._restarted(report)
            self.resume()

    def die(self, report: dict[str, Any] | None, pickled: bytes) -> None:
        """The actor is dead for good."""
        self._hear(report)
        self.fail_all(actor_death(report, self.facts, pickled))

    def _hear(self, report: dict[str, Any] | None) -> None:
        """A death of the actor: its maker reads of it, also where nobody asks for the error."""
        self.session.deaths.heard(report)
        if report and self.session.created(self.actor_id):
            self.session.pump.deferred.append(lambda: show_death(report, self.facts))

    def fail_all(self, error: BaseException) -> None:
        """Everything under way, and everything later, gets ``error``."""
        self.death = error
        self.state = "dead"
        self.creation = None
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        for call in list(self.pending.values()):
            call.fail_all(error)
        self.pending.clear()
        for call in (*self.queue, *self.held):
            call.fail_all(error)
        self.queue.clear()
        self.held.clear()

    def retire(self) -> None:
        """Closes the channel of an actor that nobody here calls any more."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self._greeted = False
        self.state = "idle"

    def abandon(self, error: BaseException) -> None:
        """After a fork: what is under way is the parent's."""
        if self._channel is not None:
            self._channel.abandon()
            self._channel = None
        self.session.pump.closed = True
        self.fail_all(error)
