"""Generators: values that come one by one, of actors and of tasks."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import ray
from ray.exceptions import GetTimeoutError, RayError, TaskCancelledError


@ray.remote(num_cpus=0)
class Source:
    def __init__(self) -> None:
        self.made = 0
        self.closed = False

    def count(self, number: int, fail_at: int = -1) -> Iterator[int]:
        for index in range(number):
            if index == fail_at:
                raise ValueError("in the middle")
            self.made += 1
            yield index

    @ray.method(num_returns=3)
    def three(self, made: int = 3) -> Iterator[int]:
        yield from range(made)

    @ray.method(num_returns=3)
    def one_of_three(self) -> Iterator[int]:
        yield 7
        raise ValueError("in the middle")

    def arrays(self, size: int) -> Iterator[bytes]:
        for index in range(3):
            yield bytes([index]) * size

    def dies(self) -> Iterator[int]:
        yield 1
        time.sleep(0.5)
        os._exit(1)

    def plain(self) -> int:
        return self.made

    def slowly(self, pause: float) -> Iterator[int]:
        for index in range(10_000):
            self.made += 1
            yield index
            time.sleep(pause)

    def unpicklable(self) -> Iterator[Any]:
        yield 1
        yield __import__("threading").Lock()


@ray.remote(num_cpus=0)
class AsyncSource:
    async def count(self, number: int, fail_at: int = -1) -> AsyncIterator[int]:
        for index in range(number):
            await asyncio.sleep(0)
            if index == fail_at:
                raise ValueError("in the middle")
            yield index

    def plainly(self, number: int) -> Iterator[int]:
        # Genuine Ray sends into sync generators of async actors, which `yield from` passes on.
        left = list(range(number))
        while left:
            yield left.pop(0)

    async def forever(self) -> AsyncIterator[int]:
        index = 0
        while True:
            yield index
            index += 1
            await asyncio.sleep(0.01)

    async def quick(self) -> str:
        return "quick"

    async def read(self, other: Any, number: int) -> list[int]:
        return [await each async for each in other.count.remote(number)]


def values(generator: Any) -> list[Any]:
    return [ray.get(each, timeout=30) for each in generator]


def test_a_generator_method_gives_references_one_by_one() -> None:
    source = Source.remote()
    generator = source.count.remote(3)
    assert isinstance(generator, ray.ObjectRefGenerator)
    first = next(generator)
    assert isinstance(first, ray.ObjectRef)
    assert ray.get(first) == 0
    assert values(generator) == [1, 2]
    with pytest.raises(StopIteration):
        next(generator)
    assert values(source.count.options(num_returns="streaming").remote(2)) == [0, 1]
    assert values(source.count.remote(0)) == []


def test_values_come_while_the_generator_runs() -> None:
    generator = Source.remote().slowly.remote(0.01)
    begin = [ray.get(next(generator), timeout=30) for _ in range(3)]
    assert begin == [0, 1, 2]
    assert ray.wait([generator.completed()], timeout=0)[0] == []
    ray.cancel(generator)


def test_large_values() -> None:
    got = values(Source.remote().arrays.remote(2_000_000))
    assert [(each[:1], len(each)) for each in got] == [
        (bytes([index]), 2_000_000) for index in range(3)
    ]


def test_many_values() -> None:
    assert values(Source.remote().count.remote(1000)) == list(range(1000))


def test_what_the_generator_raises_is_its_last_value() -> None:
    for source in (Source.remote(), AsyncSource.remote()):
        generator = source.count.remote(5, 2)
        references = list(generator)
        assert ray.get(references[:2]) == [0, 1]
        assert len(references) == 3
        with pytest.raises(ValueError, match="in the middle"):
            ray.get(references[2])
        assert ray.get(generator.completed()) is None


def test_a_value_that_cannot_be_pickled_ends_it() -> None:
    references = list(Source.remote().unpicklable.remote())
    assert ray.get(references[0]) == 1
    with pytest.raises(TypeError):
        ray.get(references[1])


def test_the_death_of_the_actor_is_a_value() -> None:
    generator = Source.remote().dies.remote()
    caught = []
    for reference in generator:
        try:
            assert ray.get(reference, timeout=30) == 1
        except RayError as error:
            caught.append(type(error).__name__)
    assert caught == ["ActorDiedError"]
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(generator.completed(), timeout=30)


def test_what_a_generator_of_references_tells() -> None:
    generator = Source.remote().count.remote(2)
    assert ray.get(generator.completed(), timeout=30) is None
    assert generator.next_ready()
    assert not generator.is_finished()
    assert values(generator) == [0, 1]
    assert generator.is_finished()
    assert not generator.next_ready()
    slow = Source.remote().slowly.remote(60)
    next(slow)
    assert not slow.next_ready()
    assert not slow.is_finished()
    assert slow._next_sync(0.05).is_nil()
    ray.cancel(slow)


def test_generators_in_get_and_wait() -> None:
    source, slow = Source.remote(), Source.remote().slowly.remote(60)
    next(slow)
    generator = source.count.remote(1)
    assert ray.get(generator) is generator
    with pytest.raises(TypeError):
        ray.get([generator])
    assert ray.wait([slow, generator], timeout=30) == ([generator], [slow])
    next(generator)
    assert ray.wait([generator], timeout=30)[0] == [generator]
    assert ray.wait([slow], timeout=0)[0] == []
    ray.cancel(slow)


def test_they_cannot_be_sent_or_driven() -> None:
    source = Source.remote()
    generator = source.count.remote(1)
    with pytest.raises(TypeError):
        pickle.dumps(generator)
    with pytest.raises(TypeError):
        source.count.remote(generator)
    for method in (generator.send, generator.throw):
        with pytest.raises(NotImplementedError):
            method(None)
    with pytest.raises(NotImplementedError):
        generator.close()
    with pytest.raises(ValueError, match="streaming"):
        source.plain.options(num_returns="streaming")


def test_async_generators_and_async_for() -> None:
    source = AsyncSource.remote()
    assert values(source.count.remote(3)) == [0, 1, 2]
    assert values(source.plainly.remote(3)) == [0, 1, 2]

    async def read() -> list[int]:
        return [await each async for each in source.count.remote(4)]

    assert asyncio.run(read()) == [0, 1, 2, 3]
    reader = AsyncSource.remote()
    assert ray.get(reader.read.remote(source, 3), timeout=30) == [0, 1, 2]


def test_an_async_actor_does_other_things_between_two_values() -> None:
    source = AsyncSource.remote()
    generator = source.forever.remote()
    assert ray.get(next(generator)) == 0
    assert ray.get(source.quick.remote(), timeout=30) == "quick"
    ray.cancel(generator)


def test_back_pressure_holds_the_generator_back() -> None:
    source = Source.options(max_concurrency=2).remote()
    limited = source.slowly.options(_generator_backpressure_num_objects=3)
    generator = limited.remote(0)
    assert ray.get(next(generator)) == 0
    time.sleep(0.5)
    assert ray.get(source.plain.remote()) <= 5
    assert [ray.get(next(generator)) for _ in range(5)] == [1, 2, 3, 4, 5]
    time.sleep(0.3)
    assert 6 <= ray.get(source.plain.remote()) <= 10
    ray.cancel(generator)


def test_back_pressure_of_the_whole_actor() -> None:
    source = Source.options(max_concurrency=2, _actor_generator_backpressure_num_objects=2).remote()
    generator = source.slowly.remote(0)
    assert ray.get(next(generator)) == 0
    time.sleep(0.5)
    assert ray.get(source.plain.remote()) <= 4
    ray.cancel(generator)


def test_a_generator_whose_reader_is_gone_does_not_stay() -> None:
    source = Source.remote()
    limited = source.count.options(_generator_backpressure_num_objects=1)
    generator = limited.remote(5)
    assert ray.get(next(generator)) == 0
    del generator
    assert ray.get(source.plain.remote(), timeout=30) == 5


def test_a_fixed_number_of_values() -> None:
    source = Source.remote()
    assert ray.get(source.three.remote()) == [0, 1, 2]
    with pytest.raises(ValueError, match="returned 2 objects, but num_returns=3"):
        ray.get(source.three.remote(2))
    first, second, third = source.one_of_three.remote()
    assert ray.get(first) == 7
    for each in (second, third):
        with pytest.raises(ValueError, match="in the middle"):
            ray.get(each)
    assert ray.get(source.count.options(num_returns=1).remote(1)) == 0


def test_a_generator_of_more_or_fewer_values_than_are_wanted() -> None:
    @ray.remote
    def numbers(stop: int, fails: bool = False) -> Iterator[int]:
        # Not `yield from range(…)`, which Ray cannot stream.
        for number in range(stop):
            yield 1 * number
        if fails:
            raise KeyError("in the middle")

    assert ray.get(numbers.options(num_returns=2).remote(10**12), timeout=30) == [0, 1]
    *there, missing = numbers.options(num_returns=3).remote(2)
    assert ray.get(there) == [0, 1]
    with pytest.raises(ValueError, match="num_returns=3"):
        ray.get(missing)
    *there, missing = numbers.options(num_returns=3).remote(2, True)
    assert ray.get(there) == [0, 1]
    with pytest.raises(KeyError, match=r"ray::.*numbers\(\)"):
        ray.get(missing)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dynamic_generators() -> None:
    dynamic = Source.remote().count.options(num_returns="dynamic")
    references = ray.get(dynamic.remote(3), timeout=30)
    assert len(references) == 3
    assert values(references) == [0, 1, 2]


def test_cancelling_a_generator() -> None:
    for source in (Source.remote(), AsyncSource.remote()):
        generator = (
            source.slowly.remote(0.01) if hasattr(source, "slowly") else source.forever.remote()
        )
        assert ray.get(next(generator), timeout=30) == 0
        ray.cancel(generator)
        with pytest.raises(TaskCancelledError):
            values(generator)
        with pytest.raises(StopIteration):
            next(generator)


@ray.remote(num_cpus=0)
def numbers(number: int, fail_at: int = -1) -> Iterator[int]:
    for index in range(number):
        if index == fail_at:
            raise ValueError("in the middle")
        yield index


def test_generators_of_tasks() -> None:
    generator = numbers.remote(3)
    assert isinstance(generator, ray.ObjectRefGenerator)
    assert values(generator) == [0, 1, 2]
    references = list(numbers.remote(3, 1))
    assert ray.get(references[0]) == 0
    with pytest.raises(ValueError, match="in the middle"):
        ray.get(references[1])
    assert len(references) == 2
    assert ray.get(numbers.options(num_returns=3).remote(3)) == [0, 1, 2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dynamic_generators_of_tasks() -> None:
    assert values(ray.get(numbers.options(num_returns="dynamic").remote(2))) == [0, 1]


def test_a_generator_that_has_not_begun_is_waited_for() -> None:
    never = Source.options(resources={"mlx": 2}).remote()
    generator = never.count.remote(1)
    with pytest.raises(GetTimeoutError):
        ray.get(generator.completed(), timeout=0.1)
    assert generator._next_sync(0.1).is_nil()
    ray.kill(never)
