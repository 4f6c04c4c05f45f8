"""A daemon that its user shares with a group: what is the group's, and closed to everybody else.

Whose it is, directories say by their group bits. The daemons' rules are in
``lib/runtime/group_access.ts``: a change here is a change there.
"""

from __future__ import annotations

import os
import socket
import stat
import struct

#: Of a directory in which members may look.
_LOOK = 0o050
#: Of one in which they may put things, which others cannot remove.
_ADD = 0o1070
_READ = 0o640
_CONNECT = 0o660
_GROUP_BITS = 0o070
_OTHERS_BITS = 0o007
#: Linux' SO_PEERGROUPS, which Python does not name.
_SO_PEERGROUPS = 59


def own_groups() -> set[int]:
    """Groups of this process."""
    return {os.getegid(), *os.getgroups()}


def shared_by(folder: str) -> int | None:
    """Whose ``folder`` is, where its owner shares it with a group of ours and nobody else."""
    try:
        status = os.lstat(folder)
    except OSError:
        return None
    bits = status.st_mode & 0o1077
    if not stat.S_ISDIR(status.st_mode) or bits not in (_LOOK, _ADD):
        return None
    return status.st_uid if status.st_gid in own_groups() else None


def may_listen(sock: socket.socket, path: str, uid: int) -> bool:
    """Whether user ``uid`` may listen at ``path``, to which ``sock`` is connected.

    In a shared folder its owner may, and where they can put sockets, the members of its group.
    """
    folder = os.path.dirname(path)
    owner = shared_by(folder)
    if owner is None:
        return False
    return uid == owner or os.stat(folder).st_gid in _groups_of_peer(sock)


def _groups_of_peer(sock: socket.socket) -> tuple[int, ...]:
    credentials = struct.Struct("3i")
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    first = credentials.unpack(told)[2]
    try:
        # As many as a user can have, by the kernel's own limit.
        packed = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * 65536)
    except OSError:
        return (first,)
    return (first, *struct.unpack(f"{len(packed) // 4}I", packed))


def open_socket(path: str) -> None:
    """Lets whoever may use its folder connect to a socket of ours."""
    gid = _group_of(os.path.dirname(path))
    if gid is None:
        return  # the folder is closed
    os.chown(path, -1, gid)
    os.chmod(path, _CONNECT)


def open_file(file: int, path: str) -> None:
    """Lets whoever may use the folder of ``path`` read the file of ours that is open there."""
    gid = _group_of(os.path.dirname(path))
    if gid is None:
        return
    os.fchown(file, -1, gid)
    os.fchmod(file, _READ)


def _group_of(folder: str) -> int | None:
    status = os.stat(folder)
    is_shared = status.st_mode & _GROUP_BITS and not status.st_mode & _OTHERS_BITS
    return status.st_gid if is_shared else None
