"""Runs the calls of an actor with coroutines: an asyncio loop for each concurrency group."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections import deque
from typing import Any, Callable

from ray._private.running import current_call
from ray.exceptions import AsyncioActorExit

from .callers import PLAIN, Caller, Frame, Task
from .executor import ActorExit, Executor
from .sending import Sender, is_stream


class _Lane:
    """One concurrency group: its loop, and the calls that wait for others to end.

    Everything but `put` happens in the loop's thread.
    """

    def __init__(
        self,
        executor: AsyncExecutor,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        on_idle: Callable[[], None],
    ) -> None:
        self.loop = loop
        self.running = 0
        self.waiting: deque[Task] = deque()
        self._executor = executor
        self._limit = limit
        self._on_idle = on_idle

    def put(self, task: Task) -> None:
        """Takes a call from the main thread."""
        self.waiting.append(task)
        self.loop.call_soon_threadsafe(self.begin_waiting)

    def begin_waiting(self) -> None:
        """Begins what may be begun."""
        while self.waiting and self.running < self._limit:
            try:
                task = self.waiting.popleft()
            except IndexError:
                return
            self.begin(task)

    def begin(self, task: Task) -> None:
        """Begins a call."""
        caller, seq = task[0], task[1]
        executor = self._executor
        with executor.pump.lock:
            if seq in caller.withdrawn:
                executor._withdrawn(caller, seq)
                return
            self.running += 1
            running = self.loop.create_task(self._run(task))
            caller.running[seq] = (self.loop, running)

    @property
    def full(self) -> bool:
        """Whether another call has to wait."""
        return self.running >= self._limit

    async def _run(self, task: Task) -> None:
        try:
            await self._executor.run_one(task)
        finally:
            self.running -= 1
            if self.waiting:
                self.begin_waiting()
            self._on_idle()


class AsyncExecutor(Executor):
    """The loop of the main thread reads the channels, too; other groups' loops have threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._polling = False
        self._draining = False
        self._ended: SystemExit | None = None
        limit = self.assignment.max_concurrency
        self._default = _Lane(self, self.loop, limit, self._stop_when_drained)
        self._lanes = {name: self._lane(name, n) for name, n in self.assignment.groups.items()}

    def _lane(self, name: str, limit: int) -> _Lane:
        loop = asyncio.new_event_loop()

        def run() -> None:
            asyncio.set_event_loop(loop)
            try:
                loop.run_forever()
            except SystemExit as error:  # of a task that a call has started
                self._end(error)

        threading.Thread(target=run, name=f"asyncio-{name}", daemon=True).start()
        return _Lane(self, loop, limit, self._idle_elsewhere)

    def _idle_elsewhere(self) -> None:
        if self._draining:
            self.loop.call_soon_threadsafe(self._stop_when_drained)

    def _end(self, error: SystemExit) -> None:
        self._ended = error
        self.loop.call_soon_threadsafe(self.loop.stop)

    def start(self, make: Callable[[], Any]) -> None:
        async def run() -> Any:
            # Inside the loop: constructors may want it running.
            return make()

        self.instance = self.loop.run_until_complete(run())

    def serve(self) -> None:
        loop = self.loop
        owner = threading.get_ident()

        def on_put() -> None:
            if threading.get_ident() != owner:
                loop.call_soon_threadsafe(self._begin_ready)
            elif not self._polling:
                # A coroutine that waits for the daemon (a named actor, `ray.get`) has read it.
                loop.call_soon(self._begin_ready)

        with self.pump.lock:
            self.inbox.on_put = on_put
        loop.add_reader(self.pump.fileno(), self._on_readable)
        loop.call_soon(self._begin_ready)
        try:
            loop.run_forever()
        except SystemExit as error:  # of a task that a call has started
            self._ended = error
        if self._ended is not None:
            self.exit(self._ended)
        self.drained()

    def _on_readable(self) -> None:
        self._polling = True
        try:
            self.pump.poll()
        finally:
            self._polling = False
        self._begin_ready()

    def _begin_ready(self) -> None:
        tasks = self.inbox.tasks
        while True:
            while tasks:
                self._begin_one(tasks.popleft())
            with self.pump.lock:
                self.inbox.done = bool(tasks)
                if not tasks:  # else the I/O thread has put another, and told nobody
                    break
        if self._draining:
            self._stop_when_drained()

    def _begin_one(self, task: Task | None) -> None:
        if task is None:
            self._draining = True
        elif self.begin(task):
            lane = self._default
            if self._lanes and task[3] is not PLAIN:
                lane = self._lanes.get(task[3].get("group") or "", lane)
            if lane is not self._default:
                lane.put(task)
            elif lane.full:
                lane.waiting.append(task)
            else:
                lane.begin(task)

    def _stop_when_drained(self) -> None:
        lanes = (self._default, *self._lanes.values())
        if self._draining and not any(lane.running or lane.waiting for lane in lanes):
            self.loop.stop()

    async def run_one(self, task: Task) -> None:
        """Runs a call."""
        caller, seq, method, header, body = task
        # Of this asyncio task only: each runs in a context of its own.
        current_call.set(task)
        frame: Frame
        try:
            if header is not PLAIN and self.brings(header, body):
                # Others go on meanwhile.
                loop = asyncio.get_running_loop()
                args, kwargs = await loop.run_in_executor(None, self.arguments, header, body)
            else:
                args, kwargs = self.arguments(header, body)
            value = self.method(method)(*args, **kwargs)
            if header is not PLAIN and is_stream(header):
                frame = await self._stream_async(task, value)
            else:
                if inspect.isawaitable(value):
                    value = await value
                elif inspect.isasyncgen(value):
                    value = [each async for each in value]
                if caller.cancelled and seq in caller.cancelled:
                    raise asyncio.CancelledError
                frame = self.result_frame(seq, header, value, method)
        except (SystemExit, AsyncioActorExit) as error:
            self._end(error if isinstance(error, SystemExit) else ActorExit())
            return
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            frame = self.error_frame(seq, self.interrupted(task, error), method)
        except BaseException as error:
            frame = self.error_frame(seq, error, method, header)
        self.answer(task, frame)

    async def _stream_async(self, task: Task, values: Any) -> Frame:
        sender = Sender(self, task)
        try:
            if not await sender.send_all_async(values):
                raise asyncio.CancelledError
        except Exception as error:
            if isinstance(error, AsyncioActorExit) or sender.cancelled:
                raise
            if self.wants_again(error, task[3]):
                raise
            sender.send_error(error, task[2])
        return sender.finish()

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        super().cancel(caller, seq, force)
        running = caller.running.get(seq)
        if running is not None:
            loop, coroutine = running
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(coroutine.cancel)
        elif seq not in caller.withdrawn:
            self.withdraw(caller, seq)
