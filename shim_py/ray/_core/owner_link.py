"""This process's channel to one that owns values: what it holds there, and what it asks for.

    idle ──▶ locating ──▶ open        gone: the owner, or its node, is dead
       ▲         └─▶ gone  └──▶ idle (after a pause)

A channel that breaks is made anew while something is asked or held: the holds are told again, and
what is unanswered is asked again. Only the daemon's word that the process is gone ends that. All of
it happens with the pump's lock held.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

from .channel import Channel, connect
from .errors import DaemonLost, RequestFailed
from .frames import Body, Header, ProtocolError, encode_head
from .protocol import PROTOCOL_VERSION

if TYPE_CHECKING:
    import socket

    from .control import Outcome
    from .object_table import ObjectTable

#: The answer's header and body, or None: the owner is gone.
OnReply = Callable[["Header | None", Body], None]

#: The longest pause between two attempts to reach an owner that is said to live, in seconds.
_LONGEST_PAUSE = 2.0
#: After as many attempts, seconds after the first, it is said why.
_TOLD_ATTEMPT = 7

logger = logging.getLogger("ray")


class OwnerLink:
    """See the top of this file."""

    def __init__(self, table: ObjectTable, process: str, node: str) -> None:
        self.process = process
        self.node = node
        self.state = "idle"
        #: What the owner believes that this process holds.
        self.held: set[bytes] = set()
        #: What died here and is to be released.
        self.releases: set[bytes] = set()
        #: Places here that its values have.
        self.borrowed = 0
        #: What was released while there was no channel.
        self._unsaid: set[bytes] = set()
        self._table = table
        self._channel: Channel | None = None
        self._requests: dict[int, tuple[Header, OnReply]] = {}
        self._next_id = 1
        self._attempts = 0
        self._opened_once = False

    # ── what is asked ────────────────────────────────────────────────────────────────────────

    def ask(self, kind: str, fields: dict[str, Any], on_reply: OnReply) -> None:
        """Sends a request, now or when the owner is reached."""
        if self.state == "gone":
            on_reply(None, b"")
            return
        id = self._next_id
        self._next_id = id + 1
        header = {"kind": kind, "id": id, **fields}
        self._requests[id] = (header, on_reply)
        self._table.session.pump.need(1)
        if self.state == "open":
            self._send(header)
        elif self.state == "idle":
            self._locate()

    def hold(self, ids: Sequence[bytes], done: Callable[[], None]) -> None:
        """Tells the owner that this process has these; ``done`` is called when it knows."""
        self.held.update(ids)

        def on_reply(header: Header | None, _body: Body) -> None:
            if header is not None:
                for gone in header.get("gone") or ():
                    self.held.discard(bytes.fromhex(gone))
            done()

        self.ask("object.hold", {"objects": [id.hex() for id in ids]}, on_reply)

    def release(self, ids: Sequence[bytes]) -> None:
        """Tells the owner that this process has these no more."""
        self.held.difference_update(ids)
        if self.state == "open":
            self._send({"kind": "object.release", "objects": [id.hex() for id in ids]})
        else:
            self._unsaid.update(ids)
        self.rest()

    def rest(self) -> None:
        """Ends where nothing is asked, and nothing of the owner's is left here."""
        if not (self.held or self.borrowed or self._requests):
            self._table.forget(self)
            self.close()

    def drop(self, ids: Sequence[bytes]) -> None:
        """Has the owner delete these, although there are references to them."""
        self._tell({"kind": "object.drop", "objects": [id.hex() for id in ids]})

    def cancel(self, id: bytes, force: bool, recursive: bool) -> None:
        """Has the owner cancel the call whose value this is."""
        fields = {"object_id": id.hex(), "force": force, "recursive": recursive}
        self._tell({"kind": "object.cancel", **fields})

    def _tell(self, header: Header) -> None:
        if self.state == "open":
            self._send(header)
        else:
            # Behind a hold, which is repeated until it arrives.
            self.ask("object.hold", {"objects": []}, lambda *_: self._send(header))

    def _send(self, header: Header) -> None:
        if self._channel is not None:
            self._channel.send(encode_head(header))

    # ── reaching it ──────────────────────────────────────────────────────────────────────────

    def _locate(self) -> None:
        self.state = "locating"
        fields = {"process": self.process, "node": self.node}
        self._table.session.control.ask("process.locate", fields, self._on_located)

    def _on_located(self, outcome: Outcome) -> None:
        if self.state != "locating":
            return
        if isinstance(outcome, RequestFailed) and outcome.code != "process_gone":
            self._try_again(outcome)
            return
        if isinstance(outcome, (RequestFailed, DaemonLost)):
            self.give_up()
            return
        if isinstance(outcome, Exception):
            self._try_again(outcome)
            return
        path = outcome.fields.get("socket")
        elsewhere: Header | None = None
        if not path:
            # On another node: this one's daemon makes the stream.
            path = outcome.fields.get("via") or ""
            elsewhere = {"kind": "splice", "process": self.process, "node": self.node}
        try:
            sock = connect(path)
        except OSError as error:
            self._try_again(error)
            return
        self._open(sock, elsewhere)

    def _open(self, sock: socket.socket, elsewhere: Header | None) -> None:
        session = self._table.session
        self.state = "open"
        self._channel = Channel(session.pump, sock, self._on_frame, self._on_close)
        if elsewhere is not None:
            self._send(elsewhere)
        self._send(
            {
                "kind": "object.hello",
                "protocol": PROTOCOL_VERSION,
                "process": session.caller_id,
                "node": session.node_id,
                "job_id": session.job_id.hex(),
            }
        )
        unsaid, self._unsaid = self._unsaid - self.held, set()
        if unsaid:
            self._send({"kind": "object.release", "objects": [id.hex() for id in unsaid]})
        if self._opened_once and self.held:
            held = list(self.held)
            for at in range(0, len(held), 4096):
                self.hold(held[at : at + 4096], lambda: None)
        self._opened_once = True
        for header, _ in list(self._requests.values()):
            self._send(header)

    def _try_again(self, reason: Exception) -> None:
        self.state = "waiting"
        self._attempts += 1
        if self._attempts == _TOLD_ATTEMPT:
            text = "Cannot reach the process %s that owns values used here: %s. It is tried again."
            said = (text, self.process[:12], str(reason).rstrip("."))
            self._table.session.pump.deferred.append(lambda: logger.warning(*said))
        pause = min(_LONGEST_PAUSE, 0.025 * 2 ** min(self._attempts, 10))

        def locate() -> None:
            if self.state == "waiting":
                self._locate()

        self._table.session.pump.call_later(pause, locate)

    # ── what it says ─────────────────────────────────────────────────────────────────────────

    def _on_frame(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        if kind == "refused":
            if header["code"] == "process_gone":
                self.give_up()
                return
            raise ProtocolError(str(header.get("message")))
        if kind == "object.reply":
            self._table.session.pump.seclude()
            self._attempts = 0
            request = self._requests.pop(header["id"], None)
            if request is not None:
                self._table.session.pump.need(-1)
                request[1](header, body)
                self.rest()

    def _on_close(self, reason: Exception) -> None:
        self._channel = None
        if self.state != "open":
            return
        self.state = "idle"
        if not self._requests and not self.held:
            self.rest()
        elif self._attempts:
            self._try_again(reason)
        else:
            self._attempts = 1
            self._locate()

    def give_up(self) -> None:
        """The owner is gone: everything asked is answered with that."""
        self.state = "gone"
        self._table.forget(self)
        self.held.clear()
        self.releases.clear()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        requests, self._requests = self._requests, {}
        for _, on_reply in requests.values():
            self._table.session.pump.need(-1)
            on_reply(None, b"")

    def close(self) -> None:
        """Nothing is asked or held any more."""
        if self.state != "gone":
            self.state = "idle"
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def abandon(self) -> None:
        """After a fork: closes this process's copy."""
        self.state = "gone"
        self._requests.clear()
        if self._channel is not None:
            self._channel.abandon()
            self._channel = None
