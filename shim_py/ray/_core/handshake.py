"""The dialer's side of the opening of a TCP connection, as `lib/wire/handshake.ts` has it.

Pure: bytes in, bytes out. A shim proves with the key of a ticket that its daemon made; in an open
cluster the key is empty and proves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from typing import Any

from .errors import RequestFailed
from .frames import STRANGER_LIMITS, Body, FrameDecoder, Header, ProtocolError, encode_head
from .protocol import PROTOCOL_VERSION

BUILD = "python"


def mac(key: bytes, *parts: str | bytes) -> bytes:
    """HMAC-SHA256 over the parts, each behind its length."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(struct.pack(">I", len(data)))
        digest.update(data)
    return digest.digest()


class Opening:
    """The dialer's opening: feed it what arrives, send what it returns, until ``done``.

    Args:
        peer: the listener, for sentences.
        role: caller or relay.
        then: the message that follows the opening, and the kind that answers it.
    """

    def __init__(
        self,
        peer: str,
        role: str,
        key: bytes,
        ticket: str | None,
        cluster: str | None,
        then: tuple[dict[str, Any], str],
    ) -> None:
        self.done = False
        self._peer = peer
        self._role = role
        self._key = key
        self._nonce = os.urandom(32)
        self._then, self._answer = then
        self._hello: dict[str, Any] = {
            "kind": "hello",
            "protocol": PROTOCOL_VERSION,
            "build": BUILD,
            "role": role,
            "nonce": self._nonce,
            "secured": bool(key),
            "cluster": cluster,
            "ticket": ticket,
        }
        self._expected = "welcome"
        self._out: list[bytes] = []
        self._decoder = FrameDecoder(self._on_frame, STRANGER_LIMITS)

    def start(self) -> bytes:
        """The first bytes to send."""
        return encode_head(self._hello)

    def feed(self, data: bytes) -> bytes:
        """Takes bytes, returns bytes to send.

        Raises:
            RequestFailed: the listener refuses, is open where it must not be, or proves nothing.
            ProtocolError: it does not speak the protocol.
        """
        self._decoder.feed(data)
        out = b"".join(self._out)
        self._out.clear()
        return out

    def rest(self) -> bytes:
        """What arrived behind the opening."""
        return self._decoder.rest()

    def _on_frame(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        if kind == "refused":
            raise RequestFailed(
                str(header.get("code")), str(header.get("message")), header.get("mend")
            )
        if kind != self._expected:
            raise ProtocolError(
                f"Cannot open the connection to {self._peer}: expected `{self._expected}`, "
                f"got `{kind[:64]}`"
            )
        if kind == "welcome":
            self._on_welcome(header)
        elif kind == "accepted":
            self._out.append(encode_head(self._then))
            self._expected = self._answer
        else:
            self.done = True

    def _on_welcome(self, header: Header) -> None:
        if self._key and not header["secured"]:
            raise RequestFailed(
                "open",
                f"Cannot dial {self._peer}: it is open (it has no token), and this cluster has one",
                "Look for a daemon of another cluster on that port.",
            )
        facts = (self._role, header["cluster"], self._nonce, header["nonce"])
        if not hmac.compare_digest(header["proof"], mac(self._key, "beam listener", *facts)):
            raise RequestFailed(
                "token",
                f"Cannot dial {self._peer}: it could not prove that it knows this cluster's token",
                "Look for a daemon of another cluster on that port.",
            )
        self._out.append(
            encode_head({"kind": "proof", "proof": mac(self._key, "beam dialer", *facts)})
        )
        self._expected = "accepted"
