"""The chapter on actors of Ray's user guide: one test for each shape of its examples."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError, TaskCancelledError


def test_a_counter() -> None:
    @ray.remote
    class Counter:
        def __init__(self) -> None:
            self.value = 0

        def increment(self) -> int:
            self.value += 1
            return self.value

    counters = [Counter.options(num_cpus=0).remote() for _ in range(3)]
    assert ray.get([counter.increment.remote() for counter in counters]) == [1, 1, 1]
    assert ray.get([counters[0].increment.remote() for _ in range(5)]) == [2, 3, 4, 5, 6]


def test_a_handle_handed_to_tasks() -> None:
    @ray.remote(num_cpus=0)
    class Counter:
        def __init__(self) -> None:
            self.value = 0

        def increment(self) -> None:
            self.value += 1

        def get(self) -> int:
            return self.value

    @ray.remote(num_cpus=0.1)
    def work(counter: Any) -> None:
        for _ in range(10):
            ray.get(counter.increment.remote())

    counter = Counter.remote()
    ray.get([work.remote(counter) for _ in range(3)])
    assert ray.get(counter.get.remote()) == 30


def test_names_in_namespaces() -> None:
    @ray.remote(num_cpus=0)
    class Named:
        def who(self) -> str:
            return ray.get_runtime_context().get_actor_name() or ""

    mine = Named.options(name="orange").remote()
    other = Named.options(name="orange", namespace="fruit").remote()
    assert ray.get(ray.get_actor("orange").who.remote()) == "orange"
    assert ray.get_actor("orange") == mine or ray.get(ray.get_actor("orange").who.remote())
    assert ray.get_actor("orange", namespace="fruit")._actor_id == other._actor_id
    with pytest.raises(ValueError, match="apple"):
        ray.get_actor("apple")
    with pytest.raises(ValueError, match="orange"):
        Named.options(name="orange").remote()
    same = Named.options(name="orange", get_if_exists=True).remote()
    assert same._actor_id == mine._actor_id
    assert {"name": "orange", "namespace": "fruit"} in ray.util.list_named_actors(True)


def test_get_if_exists_gives_many_callers_one_actor() -> None:
    @ray.remote(num_cpus=0)
    class Greeter:
        def __init__(self, word: str) -> None:
            self.word = word

        def greet(self) -> str:
            return self.word

    first = Greeter.options(name="greeter", get_if_exists=True).remote("old")
    again = Greeter.options(name="greeter", get_if_exists=True).remote("new")
    assert ray.get([first.greet.remote(), again.greet.remote()]) == ["old", "old"]


def test_a_detached_actor_outlives_its_handles() -> None:
    @ray.remote(num_cpus=0)
    class Kept:
        def value(self) -> int:
            return 1

    Kept.options(name="kept", lifetime="detached").remote()
    kept = ray.get_actor("kept")
    assert ray.get(kept.value.remote()) == 1
    ray.kill(kept)
    with pytest.raises(RayActorError):
        ray.get(kept.value.remote(), timeout=60)


def test_an_actor_without_handles_ends() -> None:
    @ray.remote(num_cpus=0)
    class Watched:
        def pid(self) -> int:
            return os.getpid()

    watched = Watched.remote()
    pid = ray.get(watched.pid.remote())
    last = watched.pid.remote()
    del watched
    assert ray.get(last) == pid
    end = time.monotonic() + 60
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")


def test_ways_to_end_an_actor() -> None:
    @ray.remote(num_cpus=0)
    class Ends:
        def leave(self) -> None:
            ray.actor.exit_actor()

        def ping(self) -> str:
            return "here"

    for end in (
        lambda actor: actor.leave.remote(),
        ray.kill,
        lambda actor: actor.__ray_terminate__.remote(),
    ):
        actor = Ends.remote()
        assert ray.get(actor.ping.remote()) == "here"
        end(actor)
        deadline = time.monotonic() + 60
        with pytest.raises(RayActorError):  # noqa: PT012
            while time.monotonic() < deadline:
                ray.get(actor.ping.remote(), timeout=60)


def test_ready_and_calls_with_the_actor() -> None:
    @ray.remote(num_cpus=0)
    class Plain:
        def __init__(self) -> None:
            self.value = 5

    plain = Plain.remote()
    assert ray.get(plain.__ray_ready__.remote()) in (True, None)
    assert ray.get(plain.__ray_call__.remote(lambda self, x: self.value + x, 2)) == 7


def test_coroutines_run_at_the_same_time() -> None:
    @ray.remote(num_cpus=0)
    class Meeting:
        def __init__(self) -> None:
            self.come = 0
            self.all = asyncio.Event()

        async def arrive(self, expected: int) -> int:
            self.come += 1
            if self.come == expected:
                self.all.set()
            await self.all.wait()
            return self.come

    meeting = Meeting.remote()
    assert ray.get([meeting.arrive.remote(20) for _ in range(20)], timeout=60) == [20] * 20


def test_an_async_actor_within_its_limit() -> None:
    @ray.remote(num_cpus=0, max_concurrency=2)
    class Narrow:
        def __init__(self) -> None:
            self.now = self.most = 0

        async def work(self) -> int:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.05)
            self.now -= 1
            return self.most

    narrow = Narrow.remote()
    assert max(ray.get([narrow.work.remote() for _ in range(8)])) == 2


def test_references_are_awaited_in_an_async_actor() -> None:
    @ray.remote
    def one() -> int:
        return 1

    @ray.remote(num_cpus=0)
    class Sums:
        async def total(self) -> int:
            alone = await one.remote()
            several = await asyncio.gather(one.remote(), one.remote())
            done, _ = await asyncio.wait([asyncio.wrap_future(one.remote().future())])
            return alone + sum(several) + sum(each.result() for each in done)

    assert ray.get(Sums.remote().total.remote()) == 4


def test_threads_of_an_actor() -> None:
    @ray.remote(num_cpus=0, max_concurrency=3)
    class Threaded:
        def __init__(self) -> None:
            self.barrier = threading.Barrier(3)

        def meet(self) -> bool:
            self.barrier.wait(timeout=30)
            return threading.current_thread() is threading.main_thread()

    threaded = Threaded.remote()
    assert ray.get([threaded.meet.remote() for _ in range(3)], timeout=60) == [False] * 3


def test_concurrency_groups() -> None:
    @ray.remote(num_cpus=0, concurrency_groups={"io": 2, "compute": 1})
    class Grouped:
        def __init__(self) -> None:
            self.now = {"io": 0, "compute": 0, "default": 0}
            self.most = dict(self.now)

        async def _in(self, group: str) -> None:
            self.now[group] += 1
            self.most[group] = max(self.most[group], self.now[group])
            # A group without a limit is full when all three are in.
            for _ in range(200 if group == "default" else 5):
                await asyncio.sleep(0.01)
                if self.most[group] == 3:
                    break
            self.now[group] -= 1

        @ray.method(concurrency_group="io")
        async def read(self) -> None:
            await self._in("io")

        @ray.method(concurrency_group="compute")
        async def compute(self) -> None:
            await self._in("compute")

        async def other(self, group: str = "default") -> None:
            await self._in(group)

        async def seen(self) -> dict[str, int]:
            return self.most

    grouped = Grouped.remote()
    calls = [grouped.read.remote() for _ in range(4)]
    calls += [grouped.compute.remote() for _ in range(3)]
    calls += [grouped.other.options(concurrency_group="io").remote("io") for _ in range(2)]
    calls += [grouped.other.remote() for _ in range(3)]
    ray.get(calls, timeout=60)
    most = ray.get(grouped.seen.remote())
    assert (most["io"], most["compute"]) == (2, 1)
    assert most["default"] == 3


def test_concurrency_groups_of_threads() -> None:
    @ray.remote(num_cpus=0, concurrency_groups={"io": 2})
    class Grouped:
        def __init__(self) -> None:
            self.barrier = threading.Barrier(2)

        @ray.method(concurrency_group="io")
        def meet(self) -> int:
            return self.barrier.wait(timeout=30)

        def alone(self) -> str:
            return "alone"

    grouped = Grouped.remote()
    waiting = [grouped.meet.remote()]
    assert ray.get(grouped.alone.remote(), timeout=60) == "alone"
    waiting.append(grouped.meet.remote())
    assert sorted(ray.get(waiting, timeout=60)) == [0, 1]


def test_calls_of_one_caller_keep_their_order() -> None:
    @ray.remote(num_cpus=0)
    class Ordered:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def add(self, number: int) -> None:
            self.seen.append(number)

        def all(self) -> list[int]:
            return self.seen

    @ray.remote
    def late(number: int) -> int:
        time.sleep(0.3)
        return number

    ordered = Ordered.remote()
    ordered.add.remote(late.remote(0))
    for number in range(1, 20):
        ordered.add.remote(number)
    assert ray.get(ordered.all.remote()) == list(range(20))


def test_calls_may_overtake_where_it_is_allowed() -> None:
    @ray.remote(num_cpus=0, allow_out_of_order_execution=True)
    class Loose:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def add(self, word: str) -> None:
            self.seen.append(word)

        def all(self) -> list[str]:
            return self.seen

    @ray.remote
    class Gate:
        async def open(self) -> None:
            self.way.set()

        async def late(self) -> str:
            await self.way.wait()
            return "late"

        def __init__(self) -> None:
            self.way = asyncio.Event()

    gate = Gate.remote()
    loose = Loose.remote()
    overtaken = loose.add.remote(gate.late.remote())
    ray.get(loose.add.remote("soon"), timeout=60)
    ray.get([gate.open.remote(), overtaken], timeout=60)
    assert ray.get(loose.all.remote()) == ["soon", "late"]


def test_several_values_of_a_method() -> None:
    @ray.remote(num_cpus=0)
    class Pairs:
        @ray.method(num_returns=2)
        def pair(self) -> tuple[int, int]:
            return 1, 2

        def triple(self) -> tuple[int, int, int]:
            return 1, 2, 3

    pairs = Pairs.remote()
    first, second = pairs.pair.remote()
    assert (ray.get(first), ray.get(second)) == (1, 2)
    assert ray.get(pairs.triple.options(num_returns=3).remote()) == [1, 2, 3]
    assert ray.get(pairs.triple.options(num_returns=1).remote()) == (1, 2, 3)


def test_generators_of_actors() -> None:
    @ray.remote(num_cpus=0)
    class Streams:
        def count(self, to: int) -> Iterator[int]:
            for number in range(to):  # noqa: UP028 (Ray sends into what it is yielded from)
                yield number

        async def count_async(self, to: int) -> AsyncIterator[int]:
            for number in range(to):
                await asyncio.sleep(0)
                yield number

    streams = Streams.remote()
    for method in (streams.count, streams.count_async):
        stream = method.options(num_returns="streaming").remote(4)
        assert isinstance(stream, ray.ObjectRefGenerator)
        assert [ray.get(ref) for ref in stream] == [0, 1, 2, 3]


def test_inheritance_class_methods_and_defaults() -> None:
    class Base:
        def __init__(self, start: int) -> None:
            self.start = start

        def value(self, *more: int, factor: int = 1) -> int:
            return (self.start + sum(more)) * factor

    @ray.remote(num_cpus=0)
    class Child(Base):
        def __init__(self) -> None:
            super().__init__(10)

        @classmethod
        def shared(cls) -> str:
            return cls.__name__

        @staticmethod
        def alone(x: int) -> int:
            return x + 1

    child = Child.remote()
    assert ray.get(child.value.remote(1, 2, factor=2)) == 26
    assert ray.get(child.shared.remote()) == "Child"
    assert ray.get(child.alone.remote(1)) == 2
    with pytest.raises(AttributeError):
        child.nothing  # noqa: B018
    with pytest.raises(TypeError):
        child.value()
    with pytest.raises(TypeError):
        Child()


def test_cancelling_what_an_async_actor_does() -> None:
    @ray.remote(num_cpus=0)
    class Sleeper:
        def __init__(self) -> None:
            self.cancelled = False

        async def sleep(self) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled = True
                raise

        async def was_cancelled(self) -> bool:
            return self.cancelled

        async def ping(self) -> None:
            pass

    sleeper = Sleeper.remote()
    ref = sleeper.sleep.remote()
    ray.get(sleeper.ping.remote())
    ray.cancel(ref)
    with pytest.raises(TaskCancelledError):
        ray.get(ref, timeout=60)
    assert ray.get(sleeper.was_cancelled.remote())
    with pytest.raises(ValueError, match="force"):
        ray.cancel(sleeper.ping.remote(), force=True)


def test_the_limit_of_pending_calls() -> None:
    @ray.remote(num_cpus=0, max_pending_calls=2)
    class Busy:
        def work(self) -> None:
            time.sleep(0.5)

    busy = Busy.remote()
    with pytest.raises(ray.exceptions.PendingCallsLimitExceeded):  # noqa: PT012
        for _ in range(10):
            busy.work.remote()


def test_what_an_actor_knows_of_itself() -> None:
    @ray.remote(num_cpus=1, resources={"mlx": 0.5})
    class Knows:
        def told(self) -> dict[str, Any]:
            context = ray.get_runtime_context()
            return {
                "actor": context.get_actor_id(),
                "assigned": context.get_assigned_resources(),
                "same": context.current_actor._actor_id.hex(),
                "again": context.was_current_actor_reconstructed,
            }

    knows = Knows.remote()
    told = ray.get(knows.told.remote())
    assert told["actor"] == told["same"] == knows._actor_id.hex()
    assert told["assigned"] == {"CPU": 1.0, "mlx": 0.5}
    assert told["again"] is False


def test_an_actor_that_cannot_be_made() -> None:
    @ray.remote(num_cpus=0)
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no way")

        def ping(self) -> None:
            pass

    with pytest.raises(RayActorError, match="no way"):
        ray.get(Broken.remote().ping.remote(), timeout=60)
