"""`ray.ObjectRefGenerator`: references to the values of a generator, as they are made."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from ray.exceptions import GetTimeoutError, ObjectRefStreamEndOfStreamError

from . import serialization
from .entry import Entry
from .object_ref import ObjectRef
from .streams import Stream, StreamCall

if TYPE_CHECKING:
    from .calls import Call
    from .session import Session


class DynamicObjectRefGenerator:
    """The references that a call with `num_returns="dynamic"` made; deprecated, as in Ray."""

    def __init__(self, refs: Any) -> None:
        self._refs: deque[ObjectRef[Any]] = deque(refs)

    def __iter__(self) -> Iterator[ObjectRef[Any]]:
        while self._refs:
            yield self._refs.popleft()

    def __len__(self) -> int:
        return len(self._refs)


class ObjectRefGenerator:
    """Gives a reference to each value of a generator that runs elsewhere, by `for` or `async for`.

    A value that the generator could not make is a reference too: `ray.get` of it raises. Not for
    use by several threads at a time, and not picklable. Made by `.remote()` only.

    Args:
        generator_ref: a reference to the call itself.
        worker: this process's session.
    """

    def __init__(self, generator_ref: ObjectRef[Any], worker: Session) -> None:
        call = generator_ref._entry
        if not isinstance(call, StreamCall):
            raise TypeError("An ObjectRefGenerator is made by calling a generator, not by itself.")
        self._session = worker
        self._call = call
        self._stream = call.stream
        self._index = 0
        self._generator_ref = generator_ref

    def __iter__(self) -> ObjectRefGenerator:
        return self

    def __next__(self) -> ObjectRef[Any]:
        return self._next_sync()

    def __aiter__(self) -> ObjectRefGenerator:
        return self

    async def __anext__(self) -> ObjectRef[Any]:
        return await self._next_async()

    def completed(self) -> ObjectRef[Any]:
        """Return a reference that is ready when the generator has ended.

        `ray.get` of it raises what ended the call from outside, such as the death of its actor;
        what the generator itself raised is its last value instead.
        """
        return self._generator_ref

    def next_ready(self) -> bool:
        """Return whether `next()` would give a reference now, without waiting."""
        entry = self._look()
        return entry.done and not _is_end(entry)

    def is_finished(self) -> bool:
        """Return whether the generator has ended and all of its values were taken."""
        return _is_end(self._look())

    def _look(self) -> Entry:
        entry = self._entry
        if not entry.done:
            with contextlib.suppress(GetTimeoutError):
                self._session._wait_for(entry, time.monotonic())
        return entry

    @property
    def _entry(self) -> Entry:
        """The place of the next value; for `ray.wait`."""
        with self._session.pump.lock:
            return self._stream.entry(self._index)

    def _next_sync(self, timeout_s: float | None = None) -> ObjectRef[Any]:
        """Return the next reference, the nil one after ``timeout_s`` seconds (-1: no limit).

        Raises:
            StopIteration: there is none.
        """
        entry = self._entry
        if not entry.done:
            deadline = _deadline(timeout_s)
            try:
                self._session._wait_for(entry, deadline)
            except GetTimeoutError:
                return ObjectRef.nil()
        if _is_end(entry):
            raise StopIteration
        return self._take(entry)

    async def _next_async(self, timeout_s: float | None = None) -> ObjectRef[Any]:
        """The same for coroutines.

        Raises:
            StopAsyncIteration: there is none.
        """
        entry = self._entry
        if not entry.done:
            import asyncio

            limit = None if timeout_s is None or timeout_s < 0 else timeout_s
            try:
                await asyncio.wait_for(_arrival(entry), limit)
            except asyncio.TimeoutError:
                return ObjectRef.nil()
        if _is_end(entry):
            raise StopAsyncIteration
        return self._take(entry)

    def _take(self, entry: Entry) -> ObjectRef[Any]:
        with self._session.pump.lock:
            self._stream.take(self._index)
            self._index += 1
        return ObjectRef._made(entry, self._call, self._index)

    def __del__(self) -> None:
        stream = self.__dict__.get("_stream")
        if stream is not None and not self._call.done:
            # Only appended: the lock must not be waited for in a finalizer.
            self._session.pump.deferred.append(stream.drop)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "You cannot return or pass a generator to other task. "
            "Serializing a ObjectRefGenerator is not allowed."
        )

    def send(self, value: Any) -> NoReturn:
        """Not there, as in Ray."""
        raise NotImplementedError("`gen.send` is not supported.")

    def throw(self, value: Any) -> NoReturn:
        """Not there, as in Ray."""
        raise NotImplementedError("`gen.throw` is not supported.")

    def close(self) -> NoReturn:
        """Not there, as in Ray; `ray.cancel` ends the generator."""
        raise NotImplementedError("`gen.close` is not supported.")

    async def asend(self, value: Any) -> NoReturn:
        """Not there, as in Ray."""
        raise NotImplementedError("`gen.asend` is not supported.")

    async def athrow(self, value: Any) -> NoReturn:
        """Not there, as in Ray."""
        raise NotImplementedError("`gen.athrow` is not supported.")

    async def aclose(self) -> NoReturn:
        """Not there, as in Ray; `ray.cancel` ends the generator."""
        raise NotImplementedError("`gen.aclose` is not supported.")


def gathered(session: Session, call: Call, stream: Stream) -> ObjectRef[Any]:
    """A reference to all references at once, for `num_returns="dynamic"`."""
    entry = Entry(session.pump)
    entry.call = call

    def settle() -> None:
        with session.pump.lock:
            if call.error is not None:
                entry.fail(call.error)
                return
            if not call.ok:
                entry.fill(False, call.parts)
                return
            made = [
                ObjectRef._made(stream.entry(index), call, index + 1)
                for index in range(stream.count or 0)
            ]
        parts = serialization.dumps(DynamicObjectRefGenerator(made))
        with session.pump.lock:
            entry.fill(True, parts)

    call.when_done(settle)
    return ObjectRef._made(entry, call, 0)


def _is_end(entry: Entry) -> bool:
    return entry.done and isinstance(entry.error, ObjectRefStreamEndOfStreamError)


def _deadline(timeout_s: float | None) -> float | None:
    return None if timeout_s is None or timeout_s < 0 else time.monotonic() + timeout_s


class _arrival:
    """Awaits an entry without making its value."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __await__(self) -> Generator[Any, None, None]:
        import asyncio

        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not waiter.done():
                waiter.set_result(None)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(settle)

        entry = self._entry
        entry.when_done(wake)
        waiter.add_done_callback(lambda done: entry.take_back(wake) if done.cancelled() else None)
        return waiter.__await__()
