"""Values as they are kept and sent: small ones inline, large ones as files, with what is inside."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import serialization, store
from .content import Content, as_parts, fits_inline
from .frames import Body, Header, ProtocolError, encode_head
from .serialization import INLINE, Part, Parts

if TYPE_CHECKING:
    from .object_table import ObjectTable


def pack(table: ObjectTable, value: Any, owner: tuple[str, str] | None = None) -> Parts:
    """Pickles a value; a large one goes to the store.

    Args:
        owner: the process that will own it and its node, where that is not this one.

    Raises:
        Exception: what pickling it raises.
        ObjectStoreFullError: no room is left for it.
    """
    refs: list[Any] = []
    if serialization.is_plain(value):
        data = pickle.dumps(value, 5)
        if len(data) <= INLINE:
            return data
        parts: list[Part] = [data]
    else:
        parts, refs = serialization.pickle_apart(value)
        if fits_inline(parts):
            # Copied: the caller may change his arrays as soon as this returns.
            if not refs:
                return [bytes(part) for part in parts] if len(parts) > 1 else parts[0]
            return Content([bytes(part) for part in parts], contains=refs)
    return to_store(table, parts, refs, owner)


def to_store(
    table: ObjectTable,
    parts: Sequence[Part],
    refs: Sequence[Any] = (),
    owner: tuple[str, str] | None = None,
) -> Content:
    """A pickle and its buffers as a file of the store; raises as :func:`pack` does."""
    session = table.session
    process, node = owner or (session.caller_id, session.node_id)
    location = store.write(session, parts, os.urandom(28).hex(), process, node)
    if owner is None:
        content = table.own_file(location)
        content.contains = refs
    else:
        content = Content(None, location, refs)
    content.path = location["path"]
    return content


def discard(values: Sequence[Parts]) -> None:
    """Frees the files of values that were made for another process, and will not be sent."""
    from .object_table import current

    session = current().session
    with session.pump.lock:
        for location in filter(None, map(_stored, values)):
            session.freed.append({"name": location["name"], "node": location["node"]})


class Answer(list[Part]):
    """A frame that keeps the references inside its values while it may have to be sent again."""

    __slots__ = ("pins",)
    pins: list[Any]


def result_frame(header: Header, values: Sequence[Parts]) -> list[Part]:
    """The frame of a result with these values."""
    lists = [as_parts(value) if not _stored(value) else [] for value in values]
    header["buffers"] = [[len(part) for part in parts] for parts in lists]
    rich = [value for value in values if type(value) is Content]
    flat: list[Part] = [part for parts in lists for part in parts]
    if not rich:
        return [encode_head(header, sum(map(len, flat))), *flat]
    header["stored"] = [_stored(value) for value in values]
    header["refs"] = [
        [_told(ref) for ref in value.contains] if type(value) is Content else [] for value in values
    ]
    frame = Answer([encode_head(header, sum(map(len, flat))), *flat])
    frame.pins = rich
    return frame


def _stored(value: Parts) -> Any:
    return value.location if type(value) is Content else None


def _told(ref: Any) -> list[str]:
    from .object_table import describe

    id, process, node = describe(ref)
    return [id.hex(), process, node]


def received_values(table: ObjectTable, header: Header, values: list[Parts]) -> list[Parts]:
    """What a result's values are where its header has more to say of them. The lock is held."""
    stored: list[Any] = header.get("stored") or [None] * len(values)
    inside: list[Any] = header.get("refs") or [[]] * len(values)
    if not len(stored) == len(inside) == len(values):
        raise ProtocolError("Cannot take `result`: its lists are not equally long")
    whole: list[Parts] = []
    for value, location, told in zip(values, stored, inside):
        refs = [table.restore(bytes.fromhex(id), process, node) for id, process, node in told]
        if location is not None:
            content = table.own_file(location)
            content.contains = refs
            whole.append(content)
        elif refs:
            whole.append(Content(as_parts(value), contains=refs))
        else:
            whole.append(value)
    return whole


def split_values(lengths: list[Any], body: Body) -> list[Parts]:
    """The values of a result's body.

    Raises:
        ProtocolError: the lengths are not those of the body.
    """
    try:
        parts = serialization.split(body, [length for value in lengths for length in value])
        values: list[Parts] = []
        at = 0
        for value in lengths:
            values.append(parts[at] if len(value) == 1 else parts[at : at + len(value)])
            at += len(value)
        return values
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"Cannot take `result`: it has {error}") from None
