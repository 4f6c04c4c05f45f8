"""Runs the calls of an actor with coroutine methods in an asyncio loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import Any, Callable

from ray._private.running import current_call
from ray.exceptions import AsyncioActorExit, TaskCancelledError

from .callers import Caller, Frame, Task
from .executor import ActorExit, Executor


class AsyncExecutor(Executor):
    """Coroutine methods side by side in one loop, which reads the channels, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._running = 0
        self._polling = False
        self._draining = False
        self._ended: SystemExit | None = None

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
        finally:
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
        while tasks and self._running < self.assignment.max_concurrency:
            task = tasks.popleft()
            if task is None:
                self._draining = True
            elif self.begin(task):
                self._begin(task)
        with self.pump.lock:
            self.inbox.done = bool(tasks)
        if self._draining and not self._running:
            self.loop.stop()

    def _begin(self, task: Task) -> None:
        self._running += 1
        running = self.loop.create_task(self._run_one(task))
        with self.pump.lock:
            task[0].running[task[1]] = running

    async def _run_one(self, task: Task) -> None:
        _, seq, method, header, body = task
        # Of this asyncio task only: each runs in a context of its own.
        current_call.set(task)
        try:
            frame: Frame
            try:
                args, kwargs = self.arguments(header, body)
                value = self.method(method)(*args, **kwargs)
                if inspect.isawaitable(value):
                    value = await value
                frame = self.result_frame(seq, header, value)
            except (SystemExit, AsyncioActorExit) as error:
                self._ended = error if isinstance(error, SystemExit) else ActorExit()
                self.loop.stop()
                return
            except asyncio.CancelledError as error:
                if seq not in task[0].cancelled:
                    frame = self.error_frame(seq, error, method)
                else:
                    frame = self.error_frame(seq, TaskCancelledError(), method)
            except BaseException as error:
                frame = self.error_frame(seq, error, method)
            self.answer(task, frame)
        finally:
            self._running -= 1
            if self.inbox.tasks or self._draining:
                self._begin_ready()

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        running = caller.running.get(seq)
        if running is not None:
            self.loop.call_soon_threadsafe(running.cancel)
