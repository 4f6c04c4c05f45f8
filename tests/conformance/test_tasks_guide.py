"""The chapter on tasks of Ray's user guide: one test for each shape of its examples."""

from __future__ import annotations

import contextlib
import os
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
import ray
from ray.exceptions import TaskCancelledError, WorkerCrashedError


def test_a_function_and_its_parallel_calls() -> None:
    @ray.remote
    def square(x: int) -> int:
        return x * x

    assert ray.get([square.remote(x) for x in range(4)]) == [0, 1, 4, 9]
    assert ray.get(ray.remote(lambda: 3).remote()) == 3
    with pytest.raises(TypeError):
        square(1)


def test_options_at_the_call() -> None:
    @ray.remote(num_cpus=4, num_gpus=2)
    def assigned() -> dict[str, float]:
        return dict(ray.get_runtime_context().get_assigned_resources())

    changed = assigned.options(num_cpus=1, num_gpus=0.5, resources={"mlx": 1})
    assert ray.get(changed.remote()) == {"CPU": 1.0, "GPU": 0.5, "mlx": 1.0}
    assert ray.get(assigned.options(num_cpus=0, num_gpus=0).remote()) == {}


def test_several_values() -> None:
    @ray.remote(num_returns=3)
    def three() -> tuple[int, int, int]:
        return 0, 1, 2

    a, b, c = three.remote()
    assert ray.get([a, b, c]) == [0, 1, 2]
    assert ray.get(three.options(num_returns=1).remote()) == (0, 1, 2)
    assert three.options(num_returns=0).remote() is None

    @ray.remote(num_returns=2)
    def one_too_few() -> tuple[int]:
        return (1,)

    refs = one_too_few.remote()
    with pytest.raises(ValueError, match="2"):
        ray.get(refs[0])


def test_values_of_a_generator_as_several() -> None:
    @ray.remote(num_returns=3)
    def generate() -> Iterator[int]:
        yield from range(3)

    assert ray.get(generate.remote()) == [0, 1, 2]


def test_a_stream_of_values() -> None:
    @ray.remote
    def stream(to: int) -> Iterator[int]:
        for number in range(to):
            yield number * 10

    generator = stream.remote(3)
    assert isinstance(generator, ray.ObjectRefGenerator)
    first = next(generator)
    assert ray.get(first) == 0
    assert [ray.get(ref) for ref in generator] == [10, 20]
    with pytest.raises(StopIteration):
        next(generator)
    done, _ = ray.wait([generator.completed()], timeout=60)
    assert done


def test_a_stream_that_breaks_off() -> None:
    @ray.remote
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("broken off")

    generator = broken.remote()
    assert ray.get(next(generator)) == 1
    with pytest.raises(ValueError, match="broken off"):
        ray.get(next(generator))
    with pytest.raises(StopIteration):
        next(generator)


def test_a_stream_before_it_has_ended(tmp_path: pathlib.Path) -> None:
    sign = str(tmp_path / "go on")

    @ray.remote
    def slow() -> Iterator[str]:
        yield "first"
        end = time.monotonic() + 60
        while not os.path.exists(sign) and time.monotonic() < end:
            time.sleep(0.01)
        yield "second"

    generator = slow.remote()
    assert ray.get(next(generator)) == "first"
    pathlib.Path(sign).touch()
    assert ray.get(next(generator)) == "second"


def test_streams_in_asyncio_and_wait() -> None:
    import asyncio

    @ray.remote
    def stream() -> Iterator[int]:
        for number in range(3):  # noqa: UP028 (Ray sends into what it is yielded from)
            yield number

    async def all_of_it() -> list[int]:
        return [await ref async for ref in stream.remote()]

    assert asyncio.run(all_of_it()) == [0, 1, 2]
    waiting = [stream.remote(), stream.remote()]
    seen = []
    while waiting:
        ready, rest = ray.wait(waiting, num_returns=1, timeout=60)
        waiting = rest
        for one in ready:
            try:
                seen.append(ray.get(next(one)))
                waiting.append(one)
            except StopIteration:
                pass
    assert sorted(seen) == [0, 0, 1, 1, 2, 2]


def test_dependencies_between_tasks() -> None:
    @ray.remote
    def one() -> int:
        return 1

    @ray.remote
    def plus(x: int, y: int) -> int:
        return x + y

    tree = plus.remote(plus.remote(one.remote(), one.remote()), plus.remote(one.remote(), 5))
    assert ray.get(tree) == 8


def test_tasks_inside_tasks_deeper_than_there_are_cpus() -> None:
    @ray.remote(num_cpus=1)
    def depth(left: int) -> int:
        return 0 if left == 0 else 1 + ray.get(depth.remote(left - 1))

    assert ray.get(depth.remote(8), timeout=80) == 8


def test_tasks_that_all_wait_for_others() -> None:
    @ray.remote
    def leaf() -> int:
        return 1

    @ray.remote
    def node() -> int:
        return sum(ray.get([leaf.remote() for _ in range(3)]))

    assert sum(ray.get([node.remote() for _ in range(6)], timeout=80)) == 18


def test_cancelling_a_task() -> None:
    @ray.remote
    def sleep() -> None:
        while True:
            time.sleep(0.05)

    ref = sleep.remote()
    ray.wait([ref], timeout=1)
    ray.cancel(ref)
    with pytest.raises(TaskCancelledError):
        ray.get(ref, timeout=60)


def test_cancelling_a_task_by_force() -> None:
    @ray.remote(max_retries=0)
    def stubborn() -> None:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(60)

    ref = stubborn.remote()
    ray.wait([ref], timeout=1)
    ray.cancel(ref, force=True)
    with pytest.raises((TaskCancelledError, WorkerCrashedError)):
        ray.get(ref, timeout=60)


def test_cancelling_a_task_that_has_not_begun() -> None:
    @ray.remote(num_cpus=4)
    def all_of_it() -> None:
        time.sleep(2)

    @ray.remote(num_cpus=4)
    def next_one() -> None:
        pass

    running = all_of_it.remote()
    queued = next_one.remote()
    ray.cancel(queued)
    with pytest.raises(TaskCancelledError):
        ray.get(queued, timeout=60)
    ray.get(running)


def test_cancelling_what_is_done_changes_nothing() -> None:
    @ray.remote
    def done() -> int:
        return 1

    ref = done.remote()
    assert ray.get(ref) == 1
    ray.cancel(ref)
    assert ray.get(ref) == 1


def test_an_async_task_is_refused_and_run_by_hand() -> None:
    import asyncio

    async def coroutine() -> int:
        await asyncio.sleep(0)
        return 1

    with pytest.raises(ValueError, match="async"):
        ray.remote(coroutine)

    @ray.remote
    def wrapper() -> int:
        return asyncio.run(coroutine())

    assert ray.get(wrapper.remote()) == 1


def test_a_worker_that_serves_a_number_of_calls() -> None:
    @ray.remote(max_calls=1)
    def pid() -> int:
        return os.getpid()

    assert len({ray.get(pid.remote()) for _ in range(3)}) == 3


def test_what_a_task_knows_of_itself() -> None:
    @ray.remote
    def told() -> list[Any]:
        context = ray.get_runtime_context()
        return [context.get_task_id(), context.get_node_id(), context.get_actor_id()]

    task, node, actor = ray.get(told.options(name="mine").remote())
    assert len(task) == 48
    assert node == ray.nodes()[0]["NodeID"]
    assert actor is None
