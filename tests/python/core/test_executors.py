"""A worker's executors and callers by themselves: what comes just as they look away."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pathlib
import sys
import threading
import time
from collections import deque
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ray._core.calls import EMPTY_ARGUMENTS
from ray._core.object_service import ObjectService
from ray._core.pump import Pump
from ray._worker.async_executor import AsyncExecutor
from ray._worker.callers import PLAIN, Caller, Callers, Inbox, _Link
from ray._worker.threaded_executor import ThreadedExecutor
from ray.exceptions import ActorDiedError

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


@pytest.mark.parametrize("kind", ["serial", "threads", "async"])
def test_exceptions_to_retry_after_that_cannot_be_loaded_here(
    ray: Any, kind: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("class Late(Exception): pass\n")
    # After the job has told its path: as on another machine.
    monkeypatch.syspath_prepend(str(tmp_path))
    late = importlib.import_module("only_here").Late

    class Plain:
        def fail(self) -> None:
            raise KeyError("k")

    class Coroutines:
        async def fail(self) -> None:
            raise KeyError("k")

    cls = ray.remote(Coroutines if kind == "async" else Plain)
    actor = cls.options(max_concurrency=2 if kind == "threads" else None).remote()
    fail = actor.fail.options(retry_exceptions=[late], max_task_retries=1)
    with pytest.raises(KeyError):
        ray.get(fail.remote(), timeout=LIMIT)


def test_whether_all_is_sent_is_asked_while_callers_come_and_go() -> None:
    callers = Callers.__new__(Callers)
    callers._pump = pump = Pump()
    callers._session = SimpleNamespace(objects=SimpleNamespace(settled=True))  # type: ignore[assignment]
    known: dict[str, Any] = {}
    callers._callers = known
    done = threading.Event()
    channel = SimpleNamespace(sending=False)

    def come_and_go() -> None:
        number = 0
        while not done.is_set():
            with pump.lock:
                number += 1
                known[str(number)] = SimpleNamespace(channel=channel, done={})
                known.pop(str(number - 200), None)

    thread = threading.Thread(target=come_and_go)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        assert all(callers.flush() for _ in range(1000))
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join(LIMIT)
        pump.abandon()


def test_a_caller_is_remembered_from_its_last_absence_on() -> None:
    timers: list[Callable[[], None]] = []
    pump: Any = SimpleNamespace(call_later=lambda _, forget: timers.append(forget))
    caller = Caller("c" * 32, SimpleNamespace(unheld={}), "n")  # type: ignore[arg-type]
    callers: Any = SimpleNamespace(_pump=pump, _callers={caller.id: caller})
    for _ in range(2):
        link = _Link.__new__(_Link)
        link._callers, link._caller, link._holder = callers, caller, None
        link._channel = caller.channel = object()  # type: ignore[assignment]
        link._on_close(ConnectionError())
    timers[0]()
    assert caller.id in callers._callers
    timers[1]()
    assert not callers._callers


def test_a_holder_is_remembered_from_its_last_absence_on() -> None:
    timers: list[Callable[[], None]] = []
    released: list[bytes] = []
    session = SimpleNamespace(
        node_id="here", pump=SimpleNamespace(call_later=lambda _, forget: timers.append(forget))
    )
    table: Any = SimpleNamespace(session=session, release_for=lambda _, id: released.append(id))
    service = ObjectService(table)
    for _ in range(2):
        channel: Any = object()
        link = service.greet({"process": "p", "node": "there"}, channel)
        link._holder.objects.add(b"id")
        link.on_close()
    timers[0]()
    assert not released
    timers[1]()
    assert released == [b"id"]


def test_a_call_that_is_cancelled_on_its_way_to_its_thread_is_not_run() -> None:
    pump = Pump()
    executor = ThreadedExecutor(pump, Inbox(pump), Assignment(), leave)  # type: ignore[arg-type]
    caller = Caller("c" * 32, SimpleNamespace(unheld={}), "n")  # type: ignore[arg-type]
    caller.seen = 1
    task = (caller, 1, "answer", PLAIN, EMPTY_ARGUMENTS)
    assert executor.begin(task)
    # Begun, and not yet with those that wait for a thread.
    caller.cancelled.add(1)
    executor.cancel(caller, 1, False)
    assert not executor._take(task)
    assert list(caller.done) == [1]
    pump.abandon()


@pytest.mark.parametrize("group", ["io", None])
def test_what_a_call_has_started_ends_the_actor_in_any_group(ray: Any, group: str | None) -> None:
    class Leaves:
        async def leave(self) -> None:
            async def child() -> None:
                sys.exit(3)

            await asyncio.create_task(child())

        async def wait(self) -> None:
            await asyncio.sleep(1000)

    actor = ray.remote(concurrency_groups={"io": 2})(Leaves).remote()
    calls = [actor.wait.options(concurrency_group=group).remote()]
    calls.append(actor.leave.options(concurrency_group=group).remote())
    for call in calls:
        with pytest.raises(ActorDiedError, match=r"sys\.exit\(3\)"):
            ray.get(call, timeout=LIMIT)
