"""Reaching a worker on another machine: its node's port, else the head's relay.

A thread of its own does it, because it waits; it ends with the connection made or failed.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Callable, NamedTuple

from .errors import RequestFailed
from .frames import ProtocolError
from .handshake import Opening
from .pump import Pump

#: How long the direct way may take before the relay is tried, in seconds.
DIRECT_TIMEOUT = 2.0
RELAY_TIMEOUT = 6.0


class Dialed(NamedTuple):
    """A stream to the worker."""

    sock: socket.socket
    #: Bytes of the worker that came with the opening's last.
    rest: bytes
    #: Why the direct way failed, where the head relays.
    relayed: str | None
    #: The port that could not be reached.
    port: int | None


def dial_worker(
    pump: Pump,
    located: dict[str, Any],
    actor_id: str,
    done: Callable[[Dialed | Exception], None],
) -> None:
    """Dials in the background; ``done`` is called with the lock held.

    Args:
        located: the answer to `actor.locate`.
    """
    wanted = {"actor_id": actor_id, "incarnation": located["incarnation"]}
    _dial_apart(pump, located, wanted, done)


def dial_process(
    pump: Pump,
    located: dict[str, Any],
    process: str,
    node: str,
    done: Callable[[Dialed | Exception], None],
) -> None:
    """The same to a process that owns values.

    Args:
        located: the answer to `process.locate`.
    """
    _dial_apart(pump, located, {"process": process, "node": node}, done)


def _dial_apart(
    pump: Pump,
    located: dict[str, Any],
    wanted: dict[str, Any],
    done: Callable[[Dialed | Exception], None],
) -> None:
    def run() -> None:
        result: Dialed | Exception
        try:
            result = _dial(located, wanted)
        except Exception as error:  # whatever it is, the link asks what is true
            result = error
        with pump.lock:
            pump.need(-1)
            if pump.closed:
                if isinstance(result, Dialed):
                    result.sock.close()
                return
            done(result)
            pump.stir()

    pump.need(1)
    threading.Thread(target=run, name="ray-dial", daemon=True).start()


def _dial(located: dict[str, Any], wanted: dict[str, Any]) -> Dialed:
    splice = {"kind": "splice", **wanted}
    failure = "its node told no address"
    if located.get("host") and located.get("port"):
        try:
            address = (located["host"], located["port"])
            sock, rest = open_stream(address, "caller", located, splice, DIRECT_TIMEOUT)
            return Dialed(sock, rest, None, None)
        except (OSError, ProtocolError) as error:
            failure = str(error)
        except RequestFailed as error:
            if error.code not in ("token", "ticket", "cluster", "role", "version"):
                raise
            failure = str(error)
    if not located.get("relay_host") or not located.get("relay_port"):
        raise ConnectionError(f"cannot reach its node: {failure}")
    address = (located["relay_host"], located["relay_port"])
    sock, rest = open_stream(address, "relay", located, splice, RELAY_TIMEOUT)
    return Dialed(sock, rest, failure, located.get("port"))


def open_stream(
    address: tuple[str, int],
    role: str,
    located: dict[str, Any],
    splice: dict[str, Any],
    timeout: float,
) -> tuple[socket.socket, bytes]:
    """Dials, proves, and splices the stream to the worker.

    Raises:
        OSError: it cannot be reached within ``timeout`` seconds.
        RequestFailed: it refuses.
        ProtocolError: it does not speak the protocol.
    """
    deadline = time.monotonic() + timeout
    peer = f"{address[0]}:{address[1]}"
    opening = Opening(
        peer,
        role,
        located.get("ticket_key") or b"",
        located.get("ticket"),
        located.get("cluster"),
        (splice, "spliced"),
    )
    sock = socket.create_connection(address, timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.sendall(opening.start())
        while not opening.done:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{peer} did not finish the opening within {timeout} s")
            sock.settimeout(left)
            data = sock.recv(4096)
            if not data:
                raise ConnectionError(f"{peer} ended the connection during its opening")
            answer = opening.feed(data)
            if answer:
                sock.sendall(answer)
        return sock, opening.rest()
    except BaseException:
        sock.close()
        raise
