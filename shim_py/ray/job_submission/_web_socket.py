"""The part of the web socket protocol (RFC 6455) that following a log needs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
from collections.abc import AsyncIterator

from ray.exceptions import AuthenticationError
from ray.job_submission._http import HttpServer

_TEXT, _CLOSE, _PING, _PONG, _MORE = 1, 8, 9, 10, 0
#: Longest message that is taken, in bytes.
_MOST = 64 << 20


class WebSocket:
    """A connection that a server has let in; made by `connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        #: What the server gave as the reason for the end; 1006 where it gave none.
        self.close_code = 1006

    @classmethod
    async def connect(cls, server: HttpServer, endpoint: str) -> WebSocket:
        """Open a web socket.

        Raises:
            ConnectionError: the server cannot be reached.
            AuthenticationError: it wants another token.
            RuntimeError: it refuses.
        """
        try:
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=server.tls)
        except OSError as error:
            raise ConnectionError(
                f"Failed to connect to Ray at address: {server.url}. ({error})"
            ) from error
        lines = [
            f"GET {server.path(endpoint)} HTTP/1.1",
            f"Host: {server.parts.netloc.rpartition('@')[2]}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
            *(f"{name}: {value}" for name, value in server.headers.items()),
        ]
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode())
            status, _, rest = (
                (await reader.readline()).decode("latin-1").partition(" ")[2].partition(" ")
            )
            length = 0
            while line := (await reader.readline()).decode("latin-1").strip():
                name, _, value = line.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            if status == "101":
                return cls(reader, writer)
            text = (await reader.read(min(length, _MOST))).decode("utf-8", "replace")
        except BaseException:
            await _end(writer)
            raise
        await _end(writer)
        if status in ("401", "403"):
            raise AuthenticationError(text)
        raise RuntimeError(f"Request failed with status code {status or rest or 'none'}: {text}.")

    async def messages(self) -> AsyncIterator[str]:
        """Iterate over the texts that the server sends, until it closes the socket."""
        parts = b""
        try:
            while True:
                first, payload = await self._frame()
                code = first & 0x0F
                if code == _CLOSE:
                    self.close_code = int.from_bytes(payload[:2], "big") if payload else 1005
                    self._send(_CLOSE, payload[:2])
                    return
                if code == _PING:
                    self._send(_PONG, payload)
                elif code in (_TEXT, _MORE):
                    parts += payload
                    if first & 0x80:
                        text, parts = parts.decode("utf-8", "replace"), b""
                        yield text
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            await _end(self._writer)

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        if size > _MOST:
            raise RuntimeError(f"The server sent a message of {size} bytes; {_MOST} is the most.")
        return first, await self._reader.readexactly(size)

    def _send(self, code: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._writer.write(bytes([0x80 | code, 0x80 | len(payload)]) + mask + masked)


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
