"""References inside arguments.

One at the top of a call's arguments stands for its value: the caller pickles a placeholder whose
content travels beside the pickle, like a buffer, and is put there when the value has arrived (or
what tells where it lies). So the other arguments are taken as they are at `.remote()`, and the
value is never unpickled on its way through. One deeper inside travels as a reference; its value is
kept until the call is answered, and by then whoever has the reference holds it himself.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

from . import serialization
from .content import Content, as_parts
from .entry import value_of
from .message_pack import pack, unpack
from .object_ref import ObjectRef, restore
from .serialization import INLINE, Part, Parts, Pickler

#: What stands for a value is a number of parts and those; none: what tells where it lies.
_ELSEWHERE = struct.pack(">I", 0)

Placeholders = list[tuple[int, ObjectRef[Any]]]


class Arguments(list[Part]):
    """The parts of a call's arguments that travel with it, and what must live until its answer.

    Attributes:
        pins: references, or their values.
        stored: the file with the other parts, where they are large.
    """

    __slots__ = ("pins", "stored")

    def __init__(self, parts: list[Part], pins: list[Any], stored: Content | None = None) -> None:
        super().__init__(parts)
        self.pins = pins
        self.stored = stored


class _Placeholder:
    def __init__(self, ref: ObjectRef[Any]) -> None:
        self.ref = ref
        # Told from other buffers by identity; its bytes are never sent.
        self.buffer = pickle.PickleBuffer(bytearray(64 * 1024))


def pickle_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Parts, Placeholders | None]:
    """The arguments of a call, and which parts of them wait for which reference.

    Raises:
        Exception: what pickling them raises.
        ObjectStoreFullError: they are large, and no room is left for them.
    """
    whole = (args, kwargs)
    if serialization.is_plain(whole, 5):
        data = pickle.dumps(whole, 5)
        return (data, None) if len(data) <= INLINE else (_stored([data], [], []), None)
    placeholders: list[_Placeholder] = []

    def hold(value: Any) -> Any:
        if type(value) is ObjectRef:
            placeholders.append(_Placeholder(value))
            return placeholders[-1]
        return value

    whole = (tuple(map(hold, args)), {name: hold(value) for name, value in kwargs.items()})
    file = io.BytesIO()
    pickler = Pickler(file)
    pickler.dump(whole)
    if not pickler.buffers and not pickler.refs and file.tell() <= INLINE:
        return file.getvalue(), None
    return _with_parts(file.getvalue(), pickler, placeholders)


def _with_parts(
    data: bytes, pickler: Pickler, placeholders: list[_Placeholder]
) -> tuple[Parts, Placeholders | None]:
    parts: list[Part] = [data]
    waits: Placeholders = []
    for buffer in pickler.buffers:
        held = next((each for each in placeholders if each.buffer is buffer), None)
        if held is None:
            parts.append(buffer.raw())
        else:
            waits.append((len(parts), held.ref))
            parts.append(b"")
    pins = [*pickler.refs, *(ref for _, ref in waits)]
    if sum(map(len, parts)) > INLINE:
        # Only what stands for references travels beside the file.
        beside: list[Part] = [b"" for _ in waits]
        return _stored(parts, beside, pins), [
            (at, ref) for at, (_, ref) in enumerate(waits)
        ] or None
    # Copied: the caller may change his arrays as soon as this returns.
    return Arguments([bytes(part) for part in parts], pins), waits or None


def _stored(parts: list[Part], beside: list[Part], pins: list[Any]) -> Arguments:
    from .object_table import current
    from .values import to_store

    return Arguments(beside, pins, to_store(current(), parts))


def load_arguments(stored: dict[str, Any], beside: list[Part]) -> Any:
    """The arguments whose large parts are a file.

    Raises:
        ObjectLostError: it cannot be read any more.
    """
    from .object_table import current

    content = Content(None, stored)
    parts = list(current().session.read(content))
    others = iter(beside)
    for index, part in enumerate(parts):
        if index and not len(part):
            parts[index] = next(others)
    return serialization.loads(parts)


def join_parts(parts: Parts, ref: ObjectRef[Any]) -> bytes:
    """A value's parts as one buffer; of a file, where it lies and whose it is."""
    if type(parts) is Content and parts.location is not None:
        from .object_table import describe

        id, process, node = describe(ref)
        return _ELSEWHERE + pack([parts.location, id, process, node])
    every = as_parts(parts)
    table = struct.pack(f">I{len(every)}Q", len(every), *map(len, every))
    return b"".join([table, *every])


def is_elsewhere(part: Part) -> bool:
    """Whether a part of arguments only tells where a value lies."""
    return part[:4] == _ELSEWHERE and len(part) > 4


def load_joined(buffer: Any) -> Any:
    """The value of :func:`join_parts`; its buffers are views of ``buffer``."""
    view = memoryview(buffer).toreadonly()
    (count,) = struct.unpack_from(">I", view)
    if not count:
        return _load_elsewhere(*unpack(view[4:]))
    lengths = struct.unpack_from(f">{count}Q", view, 4)
    return value_of(None, True, serialization.split(view[4 + 8 * count :], lengths))


def _load_elsewhere(location: dict[str, Any], id: bytes, process: str, node: str) -> Any:
    from .object_table import current

    session = current().session
    ref = restore(id, process, node)
    entry = ref._require()
    with session.pump.lock:
        if entry.lazy and not entry.done:  # this process's own is done, or computed again
            entry.fill(True, Content(None, location))
    return session.get([ref])[0]


def _reduce_placeholder(placeholder: _Placeholder, _pickler: Pickler) -> tuple[Any, ...]:
    return load_joined, (placeholder.buffer,)


def _reduce_reference(ref: ObjectRef[Any], pickler: Pickler) -> tuple[Any, ...]:
    if ref._entry is None:
        return restore, (ref.binary(), "", "")
    from .object_table import describe

    pickler.refs.append(ref)
    return restore, describe(ref)


serialization.register(_Placeholder, _reduce_placeholder)
serialization.register(ObjectRef, _reduce_reference)
