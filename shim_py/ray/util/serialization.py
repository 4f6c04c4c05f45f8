"""Serializers of the user's own for classes that pickle cannot take."""

from __future__ import annotations

from typing import Any, Callable

from ray._core import serialization


def register_serializer(
    cls: type, *, serializer: Callable[[Any], Any], deserializer: Callable[[Any], Any]
) -> None:
    """Pickle instances of exactly this class by functions, in calls from this process.

    Args:
        cls: the class.
        serializer: makes something that can be pickled of an instance.
        deserializer: makes an instance of that; it travels with each, so it must be picklable.
    """

    def reduce(instance: Any, *_pickler: Any) -> tuple[Any, ...]:
        return deserializer, (serializer(instance),)

    serialization.register(cls, reduce)


def deregister_serializer(cls: type) -> None:
    """Pickle instances of this class as usual again; nothing happens where they are."""
    serialization._special.pop(cls, None)


__all__ = ["deregister_serializer", "register_serializer"]
