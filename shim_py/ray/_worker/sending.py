"""Sends the values of a generator as they are made, and waits where it is too far ahead."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from ray._core.pump import Pump

    from .callers import Frame, Task
    from .executor import Executor


class Outgoing:
    """The values of one generator call that may have to be sent again, and how far its reader is.

    `done` and `sleepers` are what a pump waits for: room for another value. The lock is held.
    """

    def __init__(self, pump: Pump, pause: int | None, taken: int) -> None:
        self._pump = pump
        self.done = True
        self.sleepers: Any = None
        self.frames: deque[Frame] = deque()
        #: The number of the first of `frames`.
        self.first = 0
        self.sent = 0
        self.taken = taken
        self.pause = pause
        self.stopped = False
        #: Called when there is room, where a coroutine waits for it.
        self.on_room: Callable[[], None] | None = None

    def add(self, frame: Frame) -> None:
        """A value was sent."""
        self.frames.append(frame)
        self.sent += 1
        self.done = self._room()

    def _room(self) -> bool:
        return self.pause is None or self.stopped or self.sent - self.taken < self.pause

    def took(self, arrived: int, taken: int) -> None:
        """The reader says how far it is."""
        while self.first < arrived and self.frames:
            self.frames.popleft()
            self.first += 1
        self.taken = max(self.taken, taken)
        if not self.done and self._room():
            self._wake()

    def stop(self) -> None:
        """Nothing more is wanted."""
        self.stopped = True
        if not self.done:
            self._wake()

    def _wake(self) -> None:
        self._pump.finish(self)
        if self.on_room is not None:
            self.on_room()


def is_stream(header: dict[str, Any]) -> bool:
    """Whether the caller wants the values of a call one by one."""
    return header.get("returns") == "streaming"


class Sender:
    """Sends the values of one call."""

    def __init__(self, executor: Executor, task: Task) -> None:
        caller, seq, _, header, _ = task
        self._executor = executor
        self._task = task
        self._caller, self._seq = caller, seq
        with executor.pump.lock:
            self._out = Outgoing(executor.pump, header.get("pause"), header.get("taken") or 0)
            caller.streams[seq] = self._out

    @property
    def cancelled(self) -> bool:
        """Whether the caller wants no more."""
        return self._seq in self._caller.cancelled

    def send(self, value: Any) -> None:
        """Sends a value.

        Raises:
            Exception: it cannot be pickled.
        """
        self._send(self._executor.item_frame(self._seq, self._out.sent, value))

    def send_error(self, error: BaseException, shown: str) -> None:
        """Sends what the generator raised: its last value."""
        executor = self._executor
        pickled = executor.pickled_error(error, shown)
        self._send(executor.error_item_frame(self._seq, self._out.sent, pickled))

    def _send(self, frame: Frame) -> None:
        with self._executor.pump.lock:
            self._out.add(frame)
            self._caller.send(frame)

    def finish(self) -> Frame:
        """The answer to the call: the values are complete."""
        return self._executor.end_frame(self._seq)

    def send_all(self, values: Iterator[Any]) -> bool:
        """Sends all values, from a thread; False where the call was cancelled meanwhile."""
        for value in values:
            self.send(value)
            del value
            if not self._out.done:
                self._executor.pump.wait(self._out)
            if self.cancelled:
                return False
        return True

    async def send_all_async(self, values: Any) -> bool:
        """The same from a coroutine."""
        room = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_room() -> None:
            loop.call_soon_threadsafe(room.set)

        self._out.on_room = on_room
        async for value in _as_async(values):
            room.clear()
            self.send(value)
            del value
            if not self._out.done:
                await room.wait()
            if self.cancelled:
                return False
        return True


async def _as_async(values: Any) -> AsyncIterator[Any]:
    if inspect.isasyncgen(values) or hasattr(values, "__aiter__"):
        async for value in values:
            yield value
        return
    for value in values:
        yield value
        # Others may run between two values.
        await asyncio.sleep(0)
