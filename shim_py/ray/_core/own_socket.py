"""Unix sockets at whose other end is a process of this user, or of one who shares a daemon with us.

A path can be anybody's: another user may have bound it first. Whom the kernel names as the listener
cannot be made up.
"""

from __future__ import annotations

import os
import socket
import struct

from . import group_access

_CREDENTIALS = struct.Struct("3i")
#: Other users to whom this process has connected: those of a daemon that is shared with us.
_others: set[int] = set()


def is_believed(uid: int) -> bool:
    """Whether what belongs to user ``uid`` is taken for the cluster's."""
    return uid == os.getuid() or uid in _others


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
            if not group_access.may_listen(sock, path, uid):
                raise PermissionError(
                    f"it is a process of user {uid} that listens there, not of user {os.getuid()}"
                )
            _others.add(uid)
    except BaseException:
        sock.close()
        raise
    return sock
