"""Ray's pages on design patterns and anti-patterns: what their better ways promise."""

from __future__ import annotations

import asyncio
import functools
import operator
import time
from collections.abc import Iterator
from typing import Any

import pytest
import ray


def test_nested_tasks_sort_a_list() -> None:
    @ray.remote
    def sort(values: list[int]) -> list[int]:
        if len(values) < 20:
            return sorted(values)
        pivot = values.pop()
        less = sort.remote([value for value in values if value < pivot])
        more = sort.remote([value for value in values if value >= pivot])
        return [*ray.get(less), pivot, *ray.get(more)]

    values = [(number * 7919) % 101 for number in range(100)]
    assert ray.get(sort.remote(list(values)), timeout=80) == sorted(values)


@pytest.mark.filterwarnings("ignore:.*dynamic.*")
def test_a_generator_gives_large_values_one_by_one() -> None:
    @ray.remote(num_returns="dynamic")
    def dynamic(number: int) -> Iterator[bytes]:
        for index in range(number):
            yield bytes([index]) * 100_000

    refs = list(ray.get(dynamic.remote(3)))
    assert [ray.get(ref)[0] for ref in refs] == [0, 1, 2]

    @ray.remote
    def streamed(number: int) -> Iterator[bytes]:
        for index in range(number):
            yield bytes([index]) * 100_000

    assert [len(ray.get(ref)) for ref in streamed.remote(3)] == [100_000] * 3


def test_wait_limits_what_is_pending() -> None:
    @ray.remote(num_cpus=0)
    class Slow:
        async def work(self, number: int) -> int:
            await asyncio.sleep(0.001)
            return number

    slow = Slow.remote()
    pending: list[Any] = []
    done: list[int] = []
    for number in range(100):
        if len(pending) > 10:
            ready, pending = ray.wait(pending, num_returns=1)
            done += ray.get(ready)
        pending.append(slow.work.remote(number))
    done += ray.get(pending)
    assert sorted(done) == list(range(100))


def test_resources_limit_what_runs_at_once() -> None:
    @ray.remote(num_cpus=2)
    def half_of_it() -> tuple[float, float]:
        begin = time.time()
        time.sleep(0.2)
        return begin, time.time()

    spans = ray.get([half_of_it.remote() for _ in range(4)], timeout=80)
    for at, _ in spans:
        assert sum(begin <= at < end for begin, end in spans) <= 2


def test_an_actor_that_serves_while_it_works() -> None:
    @ray.remote(num_cpus=0)
    class Loop:
        def __init__(self) -> None:
            self.going = True

        async def run(self) -> str:
            while self.going:
                await asyncio.sleep(0.01)
            return "stopped"

        async def stop(self) -> None:
            self.going = False

    loop = Loop.remote()
    running = loop.run.remote()
    ray.get(loop.stop.remote(), timeout=60)
    assert ray.get(running, timeout=60) == "stopped"


def test_an_actor_that_synchronizes_others() -> None:
    @ray.remote(num_cpus=0)
    class Signal:
        def __init__(self) -> None:
            self.event = asyncio.Event()

        async def send(self, clear: bool = False) -> None:
            self.event.set()
            if clear:
                self.event.clear()

        async def wait(self, should_wait: bool = True) -> None:
            if should_wait:
                await self.event.wait()

    @ray.remote(num_cpus=0.1)
    def wait_and_go(signal: Any) -> str:
        ray.get(signal.wait.remote())
        return "go"

    signal = Signal.remote()
    tasks = [wait_and_go.remote(signal) for _ in range(4)]
    assert ray.wait(tasks, timeout=0.3)[0] == []
    ray.get(signal.send.remote())
    assert ray.get(tasks, timeout=60) == ["go"] * 4


def test_a_tree_of_actors_under_a_supervisor() -> None:
    @ray.remote(num_cpus=0)
    class Worker:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        def work(self, x: int) -> int:
            return x * self.factor

    @ray.remote(num_cpus=0)
    class Supervisor:
        def __init__(self, factors: list[int]) -> None:
            self.workers = [Worker.remote(factor) for factor in factors]

        def work(self, x: int) -> list[int]:
            return ray.get([worker.work.remote(x) for worker in self.workers])

    supervisors = [Supervisor.remote([1, 2]), Supervisor.remote([3])]
    assert ray.get([each.work.remote(10) for each in supervisors], timeout=60) == [[10, 20], [30]]


def test_pipelining_through_a_queue() -> None:
    @ray.remote(num_cpus=0)
    class Source:
        def __init__(self) -> None:
            self.items = list(range(6))

        def next(self) -> int | None:
            return self.items.pop(0) if self.items else None

    @ray.remote(num_cpus=0)
    class Worker:
        def __init__(self, source: Any) -> None:
            self.source = source

        def run(self) -> list[int]:
            seen = []
            following = self.source.next.remote()
            while (item := ray.get(following)) is not None:
                following = self.source.next.remote()
                seen.append(item)
            return seen

    source = Source.remote()
    workers = [Worker.remote(source) for _ in range(2)]
    seen = ray.get([worker.run.remote() for worker in workers], timeout=60)
    assert sorted(functools.reduce(operator.iadd, seen, [])) == list(range(6))


def test_a_large_argument_is_put_once() -> None:
    @ray.remote
    def length(value: bytes) -> int:
        return len(value)

    big = ray.put(b"x" * (4 << 20))
    assert set(ray.get([length.remote(big) for _ in range(8)], timeout=60)) == {4 << 20}


def test_state_is_shared_by_an_actor_and_not_by_a_global() -> None:
    @ray.remote(num_cpus=0)
    class Shared:
        def __init__(self) -> None:
            self.value = 3

        def set(self, value: int) -> None:
            self.value = value

        def get(self) -> int:
            return self.value

    @ray.remote
    def read(shared: Any) -> int:
        return ray.get(shared.get.remote())

    shared = Shared.remote()
    ray.get(shared.set.remote(4))
    assert ray.get(read.remote(shared)) == 4


def test_results_in_the_order_in_which_they_are_done() -> None:
    @ray.remote(num_cpus=0)
    def after(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    left = [after.remote(seconds) for seconds in (1.5, 0.0)]
    order = []
    while left:
        done, left = ray.wait(left)
        order.append(ray.get(done[0]))
    assert order == [0.0, 1.5]


def test_one_remote_function_made_many_times() -> None:
    def double(x: int) -> int:
        return 2 * x

    refs = [ray.remote(double).remote(number) for number in range(5)]
    assert ray.get(refs, timeout=60) == [0, 2, 4, 6, 8]


def test_a_remote_class_made_where_it_is_needed() -> None:
    def make(value: int) -> Any:
        @ray.remote(num_cpus=0)
        class Local:
            def get(self) -> int:
                return value

        return Local.remote()

    actors = [make(number) for number in range(3)]
    assert ray.get([actor.get.remote() for actor in actors], timeout=60) == [0, 1, 2]
