"""`ray.ObjectRef`."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from .entry import Entry
from .ids import ActorID, JobID, ObjectID, TaskID

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

T = TypeVar("T")

_NOWHERE = b"\xff" * 16


class _TaskNumbers:
    """Eight bytes for each call: random in each process, then counting."""

    def __init__(self) -> None:
        self.next = int.from_bytes(os.urandom(8), "little")

    def take(self) -> bytes:
        self.next = number = (self.next + 1) & 0xFFFFFFFFFFFFFFFF
        return number.to_bytes(8, "little")


_numbers = _TaskNumbers()


def renew() -> None:
    """After a fork: another process must not make the same identifiers."""
    global _numbers
    _numbers = _TaskNumbers()


class ObjectRef(Generic[T]):
    """A value that is there, or will be. Equal and hashed by its identifier."""

    __slots__ = ("__weakref__", "_entry", "_id", "_index", "_owner")

    def __init__(self, id: bytes = b"", entry: Entry | None = None) -> None:
        self._id = id
        self._entry = entry
        self._owner: Any = None
        self._index = 0

    @classmethod
    def _made(cls, entry: Entry, owner: Any = None, index: int = 0) -> ObjectRef[Any]:
        # The identifier is made when somebody asks for it: most references are only waited for.
        ref: ObjectRef[Any] = cls.__new__(cls)
        ref._id = b""
        ref._entry = entry
        ref._owner = owner
        ref._index = index
        return ref

    def binary(self) -> bytes:
        """The identifier's 28 bytes."""
        if not self._id:
            owner = self._owner
            task = _numbers.take() + _NOWHERE if owner is None else owner.task_id()
            self._id = task + (self._index + 1).to_bytes(4, "little")
        return self._id

    def hex(self) -> str:
        """The identifier in hex."""
        return self.binary().hex()

    def task_id(self) -> TaskID:
        """The call that returns it."""
        return TaskID(self.binary()[:24])

    def job_id(self) -> JobID:
        """The job of the actor that returns it."""
        return ActorID(self.binary()[8:24]).job_id

    def is_nil(self) -> bool:
        """True for the reference to nothing."""
        return self.binary() == b"\xff" * ObjectID.SIZE

    @classmethod
    def nil(cls) -> ObjectRef[Any]:
        """The reference to nothing."""
        return cls(b"\xff" * ObjectID.SIZE)

    @classmethod
    def size(cls) -> int:
        """Bytes of an identifier."""
        return ObjectID.SIZE

    @classmethod
    def from_binary(cls, id_bytes: bytes) -> ObjectRef[Any]:
        """The reference with this identifier."""
        return _find(ObjectID(id_bytes).binary())

    @classmethod
    def from_hex(cls, hex_id: str) -> ObjectRef[Any]:
        """The reference with this identifier in hex."""
        return cls.from_binary(bytes.fromhex(hex_id))

    @classmethod
    def from_random(cls) -> ObjectRef[Any]:
        """A reference to nothing, with an identifier of its own."""
        return cls(os.urandom(ObjectID.SIZE))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, ObjectRef) and self.binary() == other.binary()

    def __hash__(self) -> int:
        return hash(self.binary())

    def __repr__(self) -> str:
        return f"ObjectRef({self.hex()})"

    def __reduce__(self) -> tuple[Callable[..., ObjectRef[Any]], tuple[Any, ...]]:
        # By something else than this package, which knows what it sends (see `references`): nobody
        # can tell when the pickle is read, so that the value stays until the job ends.
        if self._entry is None:
            return restore, (self.binary(), "", "")
        from .object_table import describe

        self._pin()
        return restore, describe(self)

    def _pin(self) -> None:
        from .object_table import current

        if self._entry is not None:
            current().pin(self)

    def owner_address(self) -> str:
        """The process that owns the value, in hex."""
        from .object_table import describe

        return describe(self)[1]

    def call_site(self) -> str:
        """Where it was made: empty, nothing records that."""
        return ""

    # ── waiting for it ───────────────────────────────────────────────────────────────────────

    def _require(self) -> Entry:
        entry = self._entry
        if entry is None:
            raise ValueError(
                f"Cannot use {self!r}: it stands for no value that this process knows. It was made "
                "from an identifier alone, or read where this process was not part of a cluster."
            )
        return entry

    def future(self) -> Future[T]:
        """A future of the standard library that gets the value."""
        return self._future()[0]

    def _future(self) -> tuple[Future[T], Callable[[], None]]:
        # Here and not above: half of the time that `import ray` takes would be theirs.
        from concurrent.futures import Future

        entry = self._require()
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def settle(value: Any, error: BaseException | None) -> None:
            if error is not None:
                _explain(error)
                if isinstance(error, StopIteration):
                    # To `await` it would be the end of the wait, with no value.
                    error = getattr(error, "_task_error", error)
                future.set_exception(error)
            else:
                future.set_result(value)

        return future, entry.when_read(settle)

    def as_future(self, _internal: bool = False) -> asyncio.Future[T]:
        """A future of the running loop that gets the value."""
        import asyncio

        future, waits = self._future()
        made = asyncio.wrap_future(future)
        entry = self._require()
        # Who waits in vain again and again (`asyncio.wait_for`) leaves nothing behind.
        made.add_done_callback(lambda done: entry.take_back(waits) if done.cancelled() else None)
        return made

    def __await__(self) -> Generator[Any, None, T]:
        return self.as_future().__await__()

    def _on_completed(self, py_callback: Callable[[Any], None]) -> None:
        def call(value: Any, error: BaseException | None) -> None:
            py_callback(value if error is None else error)

        self._require().when_read(call)


def _explain(error: BaseException) -> None:
    from ray.exceptions import ActorDiedError, RayTaskError

    from . import client
    from .first_cause import name_first

    if isinstance(error, (RayTaskError, ActorDiedError)) and client.is_connected():
        name_first(client.session(), error, wait=False)


def restore(id: bytes, process: str, node: str) -> ObjectRef[Any]:
    """The reference that another process, or this one, pickled."""
    from . import client

    if not process or not client.is_connected():
        return ObjectRef(id)
    return client.session().objects.restore(id, process, node)


def _find(id: bytes) -> ObjectRef[Any]:
    from . import client

    return ObjectRef(id, client.session().objects.find(id) if client.is_connected() else None)
