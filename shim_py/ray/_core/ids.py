"""Identifiers, with the lengths of Ray's."""

from __future__ import annotations

import os
from typing import ClassVar, TypeVar

Self = TypeVar("Self", bound="BaseID")


class BaseID:
    """An identifier of a fixed number of bytes; equal and hashed by them.

    Raises:
        ValueError: for bytes of another length.
    """

    SIZE: ClassVar[int] = 0
    __slots__ = ("_binary",)
    _binary: bytes

    def __init__(self, binary: bytes) -> None:
        if len(binary) != self.SIZE:
            raise ValueError(
                f"Cannot make a {type(self).__name__}: it must have {self.SIZE} bytes, "
                f"got {len(binary)}"
            )
        self._binary = bytes(binary)

    def binary(self) -> bytes:
        """The bytes."""
        return self._binary

    def hex(self) -> str:
        """The bytes in lower-case hex."""
        return self._binary.hex()

    def is_nil(self) -> bool:
        """True for the identifier of nothing."""
        return self._binary == b"\xff" * self.SIZE

    @classmethod
    def size(cls) -> int:
        """Its length in bytes."""
        return cls.SIZE

    @classmethod
    def nil(cls: type[Self]) -> Self:
        """The identifier of nothing: all bits set."""
        return cls(b"\xff" * cls.SIZE)

    @classmethod
    def from_hex(cls: type[Self], hex_id: str) -> Self:
        """The identifier whose :meth:`hex` is ``hex_id``."""
        return cls(bytes.fromhex(hex_id))

    @classmethod
    def from_binary(cls: type[Self], id_bytes: bytes) -> Self:
        """The identifier whose :meth:`binary` is ``id_bytes``."""
        return cls(id_bytes)

    @classmethod
    def from_random(cls: type[Self]) -> Self:
        """A new one."""
        return cls(os.urandom(cls.SIZE))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseID) or type(other) is not type(self):
            return False
        return other._binary == self._binary

    def __hash__(self) -> int:
        return hash(self._binary)

    def __lt__(self: Self, other: Self) -> bool:
        return self._binary < other._binary

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hex()})"

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return type(self), (self._binary,)


class JobID(BaseID):
    """A driver's job."""

    SIZE = 4
    __slots__ = ()

    @classmethod
    def from_int(cls, value: int) -> JobID:
        """The job with this number."""
        return cls(value.to_bytes(4, "little"))

    def int(self) -> int:
        """Its number."""
        return int.from_bytes(self._binary, "little")


class NodeID(BaseID):
    """A node."""

    SIZE = 28
    __slots__ = ()


class WorkerID(BaseID):
    """A process."""

    SIZE = 28
    __slots__ = ()


class ActorID(BaseID):
    """An actor: twelve random bytes and its job."""

    SIZE = 16
    __slots__ = ()

    @classmethod
    def of(cls, job: JobID) -> ActorID:
        """A new actor of a job."""
        return cls(os.urandom(12) + job.binary())

    @property
    def job_id(self) -> JobID:
        """The job that created it."""
        return JobID(self._binary[12:])


class PlacementGroupID(BaseID):
    """A placement group: fourteen random bytes and its job."""

    SIZE = 18
    __slots__ = ()

    @classmethod
    def of(cls, job_id: JobID) -> PlacementGroupID:
        """A new group of a job."""
        return cls(os.urandom(14) + job_id.binary())


class TaskID(BaseID):
    """A task or a call: eight bytes, and the actor it belongs to."""

    SIZE = 24
    __slots__ = ()

    def actor_id(self) -> ActorID:
        """The actor it runs on."""
        return ActorID(self._binary[8:])


class ObjectID(BaseID):
    """An object: the call that returns it, and which of its values."""

    SIZE = 28
    __slots__ = ()

    def task_id(self) -> TaskID:
        """The call that returns it."""
        return TaskID(self._binary[:24])


class FunctionID(BaseID):
    """A remote function; for type checks, none are made here."""

    SIZE = 28
    __slots__ = ()


class ActorClassID(BaseID):
    """An actor class; for type checks, none are made here."""

    SIZE = 28
    __slots__ = ()
