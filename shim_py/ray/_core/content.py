"""A value that is more than bytes: a file of the object store, or a pickle with references inside.

Whoever copies the parts of an entry copies this object, and with it what it keeps: the references
inside the value and, in the process that owns it, the file. The file goes with the last of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from . import serialization
from .serialization import INLINE, Part

#: Where a large value lies: node, name, path, size, and the lengths of its parts.
Location = dict[str, Any]


class ContentLost(Exception):
    """The file cannot be read here: it is gone, or its node is."""


class Content:
    """See the top of this file.

    Args:
        parts: the pickle and its buffers, where they are in this process.
        location: where the file lies; None for a value without one.
        contains: the references inside.
        events: where the finalizer leaves word that the file is needed no more; None where another
            process owns it.
    """

    __slots__ = ("__weakref__", "_events", "contains", "location", "parts", "path")

    def __init__(
        self,
        parts: list[Part] | None,
        location: Location | None = None,
        contains: Sequence[Any] = (),
        events: deque[Any] | None = None,
    ) -> None:
        self._events = events
        self.parts = parts
        self.location = location
        self.contains = contains
        #: Where the file, or the copy of it on this node, can be read; None: not known yet.
        self.path: str | None = None

    def __del__(self) -> None:
        events = self._events
        if events is not None and self.location is not None:
            events.append(("free", self.location["name"], self.location["node"]))

    def __len__(self) -> int:
        if self.location is not None:
            return int(self.location["size"])
        return sum(map(len, self.parts or ()))

    def load(self) -> Any:
        """The value, made anew; buffers are views of the file.

        Raises:
            ContentLost: the file cannot be read.
        """
        parts = self.parts
        if parts is None:
            from . import store

            assert self.location is not None
            if self.path is None:
                raise ContentLost(f"{self.location['name']} is not on this node")
            parts = self.parts = store.read(self.path, self.location["lengths"])
        return serialization.loads(parts)


def as_parts(parts: Any) -> list[Part]:
    """What lies in this process of a value, as a list."""
    if type(parts) is Content:
        return parts.parts or []
    return parts if isinstance(parts, list) else [parts]


def is_stored(parts: Any) -> bool:
    """Whether a value is a file."""
    return type(parts) is Content and parts.location is not None


def fits_inline(parts: Sequence[Part]) -> bool:
    """Whether a value stays in memory and in frames."""
    return sum(map(len, parts)) <= INLINE
