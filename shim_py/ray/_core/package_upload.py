"""Packages of runtime environments, on their way from this process to its daemon."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from .errors import RequestFailed

if TYPE_CHECKING:
    from .session import Session

#: Bytes of one part.
_PART = 4 * 1024 * 1024


def is_present(session: Session, name: str) -> bool:
    """Whether the node has the package; it is kept while this process lives."""
    return bool(session.request("package.has", {"name": name}).fields["present"])


def send(session: Session, name: str, file: IO[bytes]) -> None:
    """Brings a package to the node.

    Args:
        session: this process's connection; its job need not have begun.
        name: the package's name, which holds its digest.
        file: the package; read from its beginning.

    Raises:
        RuntimeError: the node refuses it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    offset = 0
    while True:
        part = file.read(_PART)
        fields = {"name": name, "offset": offset, "size": size}
        try:
            session.request("package.put", fields, part)
        except RequestFailed as error:
            raise RuntimeError(str(error)) from None
        offset += len(part)
        if offset >= size:
            return
        if not part:
            raise RuntimeError(f"Cannot send {name}: it became shorter while it was sent")
