"""The control channel: requests to this machine's daemon, and what it pushes."""

from __future__ import annotations

import socket
import time
from typing import Any, Callable, NamedTuple, Union

from .channel import Channel
from .errors import DaemonLost, RequestFailed
from .frames import Body, Header, encode_head, encode_request
from .pump import Pump, Sleeper

_VALUES = (
    "Look at the names, numbers and environments that were given: texts must be UTF-8, whole "
    "numbers within 2^53, and no key `__proto__`."
)


class Reply(NamedTuple):
    """The answer to a request."""

    fields: Header
    body: Body


Outcome = Union[Reply, Exception]
Push = Callable[[Header, Body], None]


class Request:
    """A request under way."""

    __slots__ = ("callback", "done", "outcome", "sleepers")

    def __init__(self, callback: Callable[[Outcome], None] | None) -> None:
        self.done = False
        self.sleepers: list[Sleeper] | None = None
        self.outcome: Outcome | None = None
        # Called with the lock held.
        self.callback = callback


class Control:
    """See the top of this file.

    Args:
        on_push: called with the lock held for each message that is no answer.
        on_lost: called once with the lock held when the channel ends.
    """

    def __init__(
        self,
        pump: Pump,
        sock: socket.socket,
        on_push: Push,
        on_lost: Callable[[DaemonLost], None],
    ) -> None:
        self._pump = pump
        self._on_push = on_push
        self._on_lost = on_lost
        self._requests: dict[int, Request] = {}
        self._next_id = 1
        self.lost: DaemonLost | None = None
        #: Why the daemon has no room for this process.
        self._refusal: RequestFailed | None = None
        with pump.lock:
            self._channel = Channel(pump, sock, self._on_frame, self._on_close)

    def request(
        self,
        kind: str,
        fields: dict[str, Any],
        body: bytes = b"",
        timeout: float | None = None,
    ) -> Reply:
        """Sends a request and waits for its answer.

        Raises:
            RequestFailed: the daemon refuses it.
            DaemonLost: the daemon is gone.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        request = self._start(kind, fields, body, None)
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._pump.wait(request, deadline):
            raise TimeoutError(f"Cannot finish `{kind}`: no answer within {timeout} s")
        outcome = request.outcome
        if isinstance(outcome, Reply):
            return outcome
        assert outcome is not None
        raise outcome

    def ask(
        self,
        kind: str,
        fields: dict[str, Any],
        callback: Callable[[Outcome], None],
        body: bytes = b"",
    ) -> None:
        """Sends a request; ``callback`` gets its outcome, with the lock held."""
        self._start(kind, fields, body, callback)

    def send(self, kind: str, fields: dict[str, Any], body: bytes = b"") -> None:
        """Sends a message that is not answered; what is no UTF-8 in its texts is escaped."""
        try:
            head = encode_head({"kind": kind, **fields}, len(body))
        except UnicodeEncodeError:
            escaped = {name: _escaped(value) for name, value in fields.items()}
            head = encode_head({"kind": kind, **escaped}, len(body))
        with self._pump.lock:
            self._channel.send_parts([head, body] if body else [head])

    def _start(
        self,
        kind: str,
        fields: dict[str, Any],
        body: bytes,
        callback: Callable[[Outcome], None] | None,
    ) -> Request:
        request = Request(callback)
        with self._pump.lock:
            if self.lost is not None:
                self._settle(request, self._refusal or self.lost)
                return request
            id = self._next_id
            try:
                head = encode_request({"kind": kind, "id": id, **fields}, len(body))
            except (ValueError, OverflowError) as error:
                # The daemon would end the channel for it.
                refused = RequestFailed("bad_request", f"Cannot send `{kind}`: {error}", _VALUES)
                self._settle(request, refused)
                return request
            self._next_id = id + 1
            self._requests[id] = request
            if callback is not None:
                self._pump.need(1)
            self._channel.send_parts([head, body] if body else [head])
        return request

    def _settle(self, request: Request, outcome: Outcome) -> None:
        if request.done:
            return
        request.outcome = outcome
        self._pump.finish(request)
        if request.callback is not None:
            request.callback(outcome)

    def _on_frame(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        if kind not in {"reply", "error"}:
            if kind == "refused":
                self._refusal = RequestFailed(header["code"], header["message"], header.get("mend"))
            elif kind != "ping":
                self._pump.seclude()
                self._on_push(header, body)
            return
        id = header.get("id", 0)
        request = self._requests.get(id)
        if request is None:
            return
        if request.callback is not None:
            self._pump.seclude()
            self._pump.need(-1)
            del self._requests[id]
        if kind == "reply":
            self._settle(request, Reply(header, body))
        else:
            self._settle(
                request,
                RequestFailed(
                    str(header.get("code")), str(header.get("message")), header.get("mend")
                ),
            )
        self._requests.pop(id, None)

    def _on_close(self, reason: Exception) -> None:
        lost = DaemonLost(
            "The node daemon of this machine ended, and everything under way with it "
            f"({reason}). Look into its log (`beam logs`), then start it again with `beam up`"
        )
        self.lost = lost
        self._settle_all(self._refusal or lost)
        if self._refusal is None:
            self._on_lost(lost)

    def _settle_all(self, outcome: Exception) -> None:
        requests, self._requests = self._requests, {}
        for request in requests.values():
            if request.callback is not None:
                self._pump.need(-1)
            self._settle(request, outcome)

    def flushed(self, timeout: float) -> None:
        """Waits until what was queued has been sent."""
        end = time.monotonic() + timeout
        while self._channel.sending and not self._channel.closed and time.monotonic() < end:
            self._pump.poll()
            time.sleep(0.001)

    def close(self, over: Exception) -> None:
        """Ends the channel; what has no answer gets ``over``."""
        with self._pump.lock:
            self._channel.close()
            self._settle_all(over)

    def abandon(self) -> None:
        """After a fork: closes this process's copy."""
        self._channel.abandon()


def _escaped(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
