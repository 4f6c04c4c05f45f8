"""Files of large values: laid out, written with write(2), and mapped to be read.

Written and not mapped, so that a full shared memory is an error and not a signal. Each part begins
at a multiple of 64 bytes, as arrays want it.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from . import group_access, own_socket
from .content import ContentLost, Location
from .errors import RequestFailed
from .serialization import Part

if TYPE_CHECKING:
    from .session import Session

_ALIGNED = 64
#: At most so much in one write: the kernel takes no more than 2 GiB, and signals come between.
_CHUNK = 256 * 1024 * 1024


def _padded(length: int) -> int:
    return -(-length // _ALIGNED) * _ALIGNED


def size_of(lengths: Sequence[int]) -> int:
    """Bytes of the file with parts of these lengths."""
    return sum(map(_padded, lengths[:-1])) + lengths[-1] if lengths else 0


def write(
    session: Session, parts: Sequence[Part], object_id: str, owner: str, owner_node: str
) -> Location:
    """Makes a file of this node's store; waits for the daemon and the disk.

    Args:
        owner: the process whose end ends the file, of the node ``owner_node``.

    Raises:
        ObjectStoreFullError: there is no room, nor on the disk.
        OutOfDiskError: the disk that takes what does not fit in memory is full.
    """
    lengths = [len(part) for part in parts]
    fields: dict[str, Any] = {
        "object_id": object_id,
        "owner": owner,
        "owner_node": owner_node,
        "size": size_of(lengths),
    }
    for spill in (None, True):
        try:
            told = session.request("object.create", {**fields, "spill": spill}).fields
        except RequestFailed as error:
            if error.code == "no_space":
                raise ObjectStoreFullError(str(error)) from None
            raise
        try:
            _fill(told["path"], parts)
        except BaseException as error:
            session.control.send("object.abort", {"name": told["name"]})
            if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            if spill:
                raise OutOfDiskError(
                    f"Cannot store a value of {fields['size']} bytes: neither shared memory nor "
                    f"the disk of {told['path']} has room for it"
                ) from None
            continue
        session.control.send("object.seal", {"name": told["name"]})
        return {
            "node": session.node_id,
            "name": told["name"],
            "path": told["path"],
            "size": fields["size"],
            "lengths": lengths,
            "owner": owner,
        }
    raise AssertionError("unreachable")


def _open(path: str, flags: int) -> int:
    """Opens a file of a store's folder, unless the folder is a stranger's.

    It lies where all may write: one that was removed (logind does so when its user logs out) is
    another user's as soon as that one has made it, and what is in it is anybody's.
    """
    folder, name = os.path.split(path)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        owner = os.fstat(place).st_uid
        if not own_socket.is_believed(owner):
            raise PermissionError(errno.EACCES, f"its folder belongs to user {owner}", path)
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=place)
    finally:
        os.close(place)


def _fill(path: str, parts: Sequence[Part]) -> None:
    file = _open(path, os.O_WRONLY | os.O_CREAT)
    try:
        group_access.open_file(file, path)
        last = len(parts) - 1
        for index, part in enumerate(parts):
            view = memoryview(part)
            while view.nbytes:
                view = view[os.write(file, view[:_CHUNK]) :]
            gap = 0 if index == last else _padded(len(part)) - len(part)
            while gap:
                gap -= os.write(file, bytes(gap))
    finally:
        os.close(file)


def read(path: str, lengths: Sequence[int]) -> list[Part]:
    """The parts of a file as views of it, read-only.

    Raises:
        ContentLost: it is not there, or not whole.
    """
    size = size_of(lengths)
    try:
        file = _open(path, os.O_RDONLY)
    except OSError as error:
        raise ContentLost(f"{path}: {error.strerror}") from None
    try:
        if os.fstat(file).st_size < size:
            raise ContentLost(f"{path} is cut off")
        view = memoryview(mmap.mmap(file, size, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED))
    finally:
        with contextlib.suppress(OSError):
            os.close(file)
    parts: list[Part] = []
    at = 0
    for length in lengths:
        parts.append(view[at : at + length])
        at += _padded(length)
    return parts
