"""The executors of a worker by themselves: what comes just as they look away."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from types import SimpleNamespace
from typing import Any, Callable

from ray._core.calls import EMPTY_ARGUMENTS
from ray._core.pump import Pump
from ray._worker.async_executor import AsyncExecutor
from ray._worker.callers import PLAIN, Caller, Inbox

LIMIT = 20.0


class Assignment(SimpleNamespace):
    """As much of one as an executor reads."""

    def __init__(self) -> None:
        super().__init__(
            actor_id="a" * 32,
            class_name="Actor",
            node_id="n",
            node_ip="127.0.0.1",
            is_task=False,
            max_concurrency=10,
            groups={},
        )


class Actor:
    """Answers."""

    async def answer(self) -> int:
        return 1


class Tasks(deque[Any]):
    """Calls `on_empty` once, when they are found to be all taken."""

    on_empty: Callable[[], None] | None = None

    def __bool__(self) -> bool:
        there = len(self) > 0
        if not there and self.on_empty is not None:
            on_empty, self.on_empty = self.on_empty, None
            on_empty()
        return there


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Left(Exception):
    """Raised where the process would end."""


def leave(*_: Any) -> None:
    raise Left


def test_a_call_that_arrives_as_the_loop_has_taken_the_last_one_is_begun() -> None:
    pump = Pump()
    inbox = Inbox(pump)
    inbox.tasks = tasks = Tasks()
    caller = Caller("c" * 32, SimpleNamespace(unheld={}), "n")  # type: ignore[arg-type]
    executors: list[AsyncExecutor] = []

    def serve() -> None:
        executor = AsyncExecutor(pump, inbox, Assignment(), leave)  # type: ignore[arg-type]
        executor.instance = Actor()
        executors.append(executor)
        with contextlib.suppress(Left):
            executor.serve()

    def put(seq: int) -> None:
        def run() -> None:
            with pump.lock:
                inbox.put((caller, seq, "answer", PLAIN, EMPTY_ARGUMENTS))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(LIMIT)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        until(lambda: inbox.on_put is not None)
        until(lambda: not inbox.done)
        tasks.on_empty = lambda: put(2)
        put(1)
        until(lambda: sorted(caller.done) == [1, 2])
    finally:
        with pump.lock:
            inbox.put(None)
            assert inbox.on_put is not None
            inbox.on_put()
        thread.join(LIMIT)
        executors[0].loop.close()
        pump.abandon()
