"""References inside arguments.

One at the top of a call's arguments stands for its value: the caller pickles a placeholder whose
content travels beside the pickle, like a buffer, and is put there when the value has arrived. So
the other arguments are taken as they are at `.remote()`, and the value is never unpickled on its
way through. One deeper inside travels with its value where that is there and small; else it is
refused at the call.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

from . import serialization
from .errors import UnsupportedFeature
from .object_ref import ObjectRef, _ready
from .serialization import INLINE, Part, Parts

Placeholders = list[tuple[int, ObjectRef[Any]]]


class _Placeholder:
    def __init__(self, ref: ObjectRef[Any]) -> None:
        self.ref = ref
        # Told from other buffers by identity; its bytes are never sent.
        self.buffer = pickle.PickleBuffer(bytearray(64 * 1024))


def pickle_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Parts, Placeholders | None]:
    """The arguments of a call, and which parts of them wait for which reference."""
    whole = (args, kwargs)
    if serialization.is_plain(whole, 5):
        return pickle.dumps(whole, 5), None
    placeholders: list[_Placeholder] = []

    def hold(value: Any) -> Any:
        if type(value) is ObjectRef:
            placeholders.append(_Placeholder(value))
            return placeholders[-1]
        return value

    whole = (tuple(map(hold, args)), {name: hold(value) for name, value in kwargs.items()})
    if not placeholders:
        return serialization.dumps_any(whole), None
    return _with_placeholders(whole, placeholders)


def _with_placeholders(
    whole: Any, placeholders: list[_Placeholder]
) -> tuple[Parts, Placeholders | None]:
    buffers: list[pickle.PickleBuffer] = []
    file = io.BytesIO()
    serialization._Pickler(file, buffers).dump(whole)
    parts: list[Part] = [file.getvalue()]
    waits: Placeholders = []
    for buffer in buffers:
        held = next((each for each in placeholders if each.buffer is buffer), None)
        if held is None:
            parts.append(bytes(buffer.raw()))
        else:
            waits.append((len(parts), held.ref))
            parts.append(b"")
    return parts, waits


def join_parts(parts: Parts) -> bytes:
    """A value's parts as one buffer."""
    if type(parts) is not list:
        parts = [parts]  # type: ignore[list-item]
    table = struct.pack(f">I{len(parts)}Q", len(parts), *map(len, parts))
    return b"".join([table, *parts])


def load_joined(buffer: Any) -> Any:
    """The value of :func:`join_parts`; its buffers are views of ``buffer``."""
    view = memoryview(buffer).toreadonly()
    (count,) = struct.unpack_from(">I", view)
    lengths = struct.unpack_from(f">{count}Q", view, 4)
    return serialization.loads(serialization.split(view[4 + 8 * count :], lengths))


def _reduce_placeholder(placeholder: _Placeholder) -> tuple[Any, ...]:
    return load_joined, (placeholder.buffer,)


def _reduce_reference(ref: ObjectRef[Any]) -> tuple[Any, ...]:
    entry = ref._entry
    if entry is None or not entry.done or entry.error is not None or entry.size() > INLINE:
        raise UnsupportedFeature(
            "an ObjectRef inside another object (only at the top of a call's arguments, or where "
            "its value is there and small)",
            "Pass the reference itself as an argument, or the value (`ray.get(ref)`).",
        )
    parts = entry.parts if isinstance(entry.parts, list) else [entry.parts]
    return _ready, (ref.binary(), entry.ok, [bytes(part) for part in parts])


serialization.register(_Placeholder, _reduce_placeholder)
serialization.register(ObjectRef, _reduce_reference)
