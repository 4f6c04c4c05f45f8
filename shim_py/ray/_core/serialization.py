"""Values to bytes and back: pickle protocol 5, large buffers out of band.

What consists of exact builtin scalars goes through the C pickler alone. Everything else goes
through cloudpickle, which takes what is defined in `__main__` (or registered) by value.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, Union

from .packages import cloudpickle

Part = Union[bytes, memoryview]
if TYPE_CHECKING:
    from .content import Content
#: A pickle, a list of it and its buffers, or a value that is more than bytes.
Parts = Union[bytes, memoryview, list[Part], "Content"]

#: Buffers from here on travel beside the pickle, in bytes.
_APART = 16 * 1024
#: Values up to here stay in memory and in frames, in bytes; larger ones are files. A mebibyte and
#: what the pickle adds to it: bytes of that size cross in a frame in half the time of a file.
INLINE = 1024 * 1024 + 64 * 1024

_SCALARS = frozenset((int, float, bool, str, bytes, type(None)))
_dumps = pickle.dumps
_loads = pickle.loads


def is_plain(value: Any, depth: int = 3) -> bool:
    """Whether the C pickler alone is right for ``value``."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if depth == 0:
        return False
    if kind is tuple or kind is list:
        return len(value) <= 16 and all(
            type(item) in _SCALARS or is_plain(item, depth - 1) for item in value
        )
    if kind is dict:
        return len(value) <= 16 and all(
            type(key) in _SCALARS and (type(item) in _SCALARS or is_plain(item, depth - 1))
            for key, item in value.items()
        )
    return False


def dumps(value: Any) -> Parts:
    """Pickles ``value``.

    Raises:
        Exception: whatever its classes raise, TypeError or PicklingError as a rule.
    """
    if type(value) in _SCALARS or is_plain(value):
        return _dumps(value, 5)
    return dumps_any(value)


def dumps_any(value: Any) -> Parts:
    """Pickles ``value`` with cloudpickle; references inside are kept until the job ends."""
    parts, refs = pickle_apart(value)
    for ref in refs:
        ref._pin()
    # Copied: the caller may change his arrays as soon as this returns.
    return [bytes(part) for part in parts] if len(parts) > 1 else bytes(parts[0])


def pickle_apart(value: Any) -> tuple[list[Part], list[Any]]:
    """Pickles ``value`` with cloudpickle.

    Returns:
        The pickle and its buffers, which are views of the value's own memory; and the references
        inside, whose values must live as long as the pickle may be read.
    """
    file = io.BytesIO()
    pickler = Pickler(file)
    pickler.dump(value)
    return [file.getvalue(), *(buffer.raw() for buffer in pickler.buffers)], pickler.refs


def loads(parts: Parts) -> Any:
    """The value of :func:`dumps`; buffers are shared with ``parts``, not copied."""
    kind = type(parts)
    if kind is list:
        return _loads(parts[0], buffers=parts[1:])  # type: ignore[index, arg-type]
    if kind is bytes or kind is memoryview:
        return _loads(parts)  # type: ignore[arg-type]
    return parts.load()  # type: ignore[union-attr]


def split(body: bytes | memoryview, lengths: Sequence[int]) -> list[Part]:
    """A body's parts, as views of it.

    Raises:
        ValueError: where the lengths are not those of the body.
    """
    if any(length < 0 for length in lengths) or sum(lengths) != len(body):
        raise ValueError(f"parts of {list(lengths)[:8]} bytes in a body of {len(body)}")
    view = memoryview(body).toreadonly()
    parts: list[Part] = []
    at = 0
    for length in lengths:
        parts.append(view[at : at + length])
        at += length
    return parts


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Collects large buffers, and the references that it comes upon."""

    def __init__(self, file: io.BytesIO) -> None:
        self.buffers: list[pickle.PickleBuffer] = []
        self.refs: list[Any] = []
        buffers = self.buffers

        def keep_apart(buffer: pickle.PickleBuffer) -> bool:
            try:
                view = buffer.raw()
            except BufferError:  # not contiguous
                return True
            if view.nbytes < _APART:
                return True
            buffers.append(buffer)
            return False

        super().__init__(file, protocol=5, buffer_callback=keep_apart)

    def reducer_override(self, obj: Any) -> Any:
        reduce = _special.get(type(obj))
        if reduce is not None:
            return reduce(obj, self)
        return super().reducer_override(obj)


Reduce = Callable[[Any, Pickler], tuple[Any, ...]]
_special: dict[type, Reduce] = {}


def register(kind: type, reduce: Reduce) -> None:
    """Pickles objects of exactly this class by ``reduce`` (in this package's messages only)."""
    _special[kind] = reduce
