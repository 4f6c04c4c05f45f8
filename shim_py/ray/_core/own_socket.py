"""Unix sockets at whose other end is a process of this user.

A path can be anybody's: another user may have bound it first. Whom the kernel names as the listener
cannot be made up.
"""

from __future__ import annotations

import os
import socket
import struct

_CREDENTIALS = struct.Struct("3i")


def connect(path: str, timeout: float | None = None) -> socket.socket:
    """Connects.

    Raises:
        OSError: nobody listens there.
        PermissionError: another user does.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
        told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid = _CREDENTIALS.unpack(told)[1]
        if uid != os.getuid():
            raise PermissionError(
                f"it is a process of user {uid} that listens there, not of user {os.getuid()}"
            )
    except BaseException:
        sock.close()
        raise
    return sock
