"""The chapter on objects of Ray's user guide: one test for each shape of its examples."""

from __future__ import annotations

import gc
import sys
import threading
import time
from typing import Any

import pytest
import ray


@ray.remote
def identity(value: Any) -> Any:
    return value


def test_put_and_get_once_and_many_times() -> None:
    ref = ray.put({"a": [1, 2]})
    assert ray.get(ref) == {"a": [1, 2]}
    assert ray.get([ref, ref]) == [{"a": [1, 2]}] * 2
    assert ray.get([ray.put(number) for number in range(3)]) == [0, 1, 2]
    assert ray.get([]) == []


def test_a_reference_is_told_by_its_id() -> None:
    ref = ray.put(1)
    assert isinstance(ref, ray.ObjectRef)
    assert len({ref, ref, ray.put(1)}) == 2
    assert {ref: "here"}[ref] == "here"
    assert bytes.fromhex(ref.hex()) == ref.binary()
    with pytest.raises((TypeError, ValueError)):
        ray.get(1)
    with pytest.raises((TypeError, ValueError)):
        ray.put(ref)


def test_a_get_with_a_time_limit() -> None:
    @ray.remote
    def slow() -> int:
        time.sleep(2)
        return 1

    ref = slow.remote()
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(ref, timeout=0.1)
    with pytest.raises(TimeoutError):
        ray.get(ref, timeout=0)
    assert ray.get(ref, timeout=60) == 1


def test_a_reference_as_an_argument_is_its_value_and_inside_one_a_reference() -> None:
    @ray.remote
    def kinds(direct: Any, nested: list[Any], *, keyword: Any) -> list[Any]:
        return [direct, isinstance(nested[0], ray.ObjectRef), ray.get(nested[0]), keyword]

    ref = ray.put(7)
    assert ray.get(kinds.remote(ref, [ref], keyword=ref)) == [7, True, 7, 7]


def test_references_in_what_an_actor_gets() -> None:
    @ray.remote(num_cpus=0)
    class Keeper:
        def __init__(self, direct: int, nested: dict[str, Any]) -> None:
            self.direct, self.nested = direct, nested

        def both(self) -> tuple[int, int]:
            return self.direct, ray.get(self.nested["ref"])

    keeper = Keeper.remote(ray.put(1), {"ref": ray.put(2)})
    assert ray.get(keeper.both.remote()) == (1, 2)


def test_a_reference_that_a_function_closes_over() -> None:
    ref = ray.put([1, 2, 3])

    @ray.remote
    def total() -> int:
        return sum(ray.get(ref))

    assert ray.get(total.remote()) == 6


def test_references_inside_of_objects_of_objects() -> None:
    inner = ray.put("inner")
    outer = ray.put({"inner": inner})
    del inner
    gc.collect()
    assert ray.get(ray.get(outer)["inner"]) == "inner"
    far = ray.get(identity.remote([outer]))[0]
    assert ray.get(ray.get(far)["inner"]) == "inner"


def test_a_task_returns_a_reference_that_it_put() -> None:
    @ray.remote
    def make() -> Any:
        return [ray.put("made there")]

    assert ray.get(ray.get(make.remote())[0]) == "made there"


def test_wait_for_some_of_many() -> None:
    @ray.remote(num_cpus=0)
    class Gate:
        def __init__(self) -> None:
            self.open_now = threading.Event()

        async def ready(self) -> str:
            import asyncio

            while not self.open_now.is_set():
                await asyncio.sleep(0.01)
            return "ready"

        async def open(self) -> None:
            self.open_now.set()

    gate = Gate.remote()
    late = gate.ready.remote()
    soon = ray.put(1)
    done, left = ray.wait([late, soon], num_returns=1, timeout=60)
    assert (done, left) == ([soon], [late])
    done, left = ray.wait([late, soon], num_returns=2, timeout=0.1)
    assert (done, left) == ([soon], [late])
    ray.get(gate.open.remote())
    done, left = ray.wait([late, soon], num_returns=2)
    assert (done, left) == ([late, soon], [])
    for wrong in ([soon, soon], soon):
        with pytest.raises((TypeError, ValueError)):
            ray.wait(wrong)
    with pytest.raises(ValueError, match="num_returns"):
        ray.wait([soon], num_returns=2)


def test_arrays_are_read_where_they_lie() -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(1_000_000, dtype=numpy.float64)
    ref = ray.put(array)
    read = ray.get(ref)
    assert (read == array).all()
    assert not read.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 1
    copy = read.copy()
    copy[0] = 9
    assert ray.get(ref)[0] == 0

    @ray.remote
    def mean(values: Any) -> tuple[float, bool]:
        return float(values.mean()), values.flags.writeable

    assert ray.get([mean.remote(ref) for _ in range(3)]) == [(array.mean(), False)] * 3


def test_an_array_outlives_its_reference() -> None:
    numpy = pytest.importorskip("numpy")
    read = ray.get(ray.put(numpy.ones(1_000_000)))
    gc.collect()
    assert read.sum() == 1_000_000


@pytest.mark.parametrize("size", [0, 1, 100_000, 1 << 20, 5 << 20])
def test_sizes(size: int) -> None:
    value = b"x" * size
    assert ray.get(ray.put(value)) == value
    assert ray.get(identity.remote(value)) == value
    assert ray.get(identity.remote(ray.put(value))) == value


def test_a_class_that_says_how_it_is_pickled() -> None:
    class Connection:
        def __init__(self, url: str) -> None:
            self.url = url
            self.lock = threading.Lock()  # cannot be pickled

        def __reduce__(self) -> Any:
            return Connection, (self.url,)

    @ray.remote
    def url_of(connection: Any) -> str:
        return str(connection.url)

    assert ray.get(url_of.remote(Connection("here"))) == "here"


def test_a_serializer_of_ones_own() -> None:
    class Plain:
        def __init__(self, number: int) -> None:
            self.number = number
            self.lock = threading.Lock()

    with pytest.raises(TypeError):
        ray.put(Plain(1))
    ray.util.register_serializer(Plain, serializer=lambda plain: plain.number, deserializer=Plain)
    assert ray.get(ray.put(Plain(3))).number == 3
    assert ray.get(ray.put([Plain(4)]))[0].number == 4
    ray.util.deregister_serializer(Plain)
    with pytest.raises(TypeError):
        ray.put(Plain(1))
    ray.util.deregister_serializer(Plain)


def test_what_prevents_pickling(capsys: pytest.CaptureFixture[str]) -> None:
    lock = threading.Lock()

    def use() -> Any:
        return lock

    fine, none = ray.util.inspect_serializability(1, name="one")
    assert fine
    assert none == set()
    fine, culprits = ray.util.inspect_serializability(use, name="use")
    assert not fine
    assert [one.obj for one in culprits] == [lock]
    assert "lock" in capsys.readouterr().out


def test_a_task_that_closes_over_what_cannot_be_pickled() -> None:
    lock = threading.Lock()

    @ray.remote
    def use() -> Any:
        return lock

    with pytest.raises(TypeError, match="lock"):
        use.remote()
    with pytest.raises(TypeError, match="lock"):
        identity.remote(lock)


def test_values_stay_as_they_were_put() -> None:
    value = [1]
    ref = ray.put(value)
    task = identity.remote(value)
    value.append(2)
    assert ray.get(ref) == [1]
    assert ray.get(task) == [1]
    first, second = ray.get([ref, ref])
    assert first == second == [1]


def test_an_object_is_freed_on_demand() -> None:
    # Later versions of Ray have it no more; programs (LMDeploy) call it.
    free = pytest.importorskip("ray._private.internal_api").__dict__.get("free")
    if free is None:
        pytest.skip("this Ray has no ray._private.internal_api.free")
    ref = ray.put(b"x" * (2 << 20))
    free([ref])
    with pytest.raises(ray.exceptions.ObjectFreedError):
        ray.get(ref, timeout=30)


def test_a_reference_as_a_future_and_in_asyncio() -> None:
    import asyncio
    import concurrent.futures

    @ray.remote
    def one() -> int:
        return 1

    assert one.remote().future().result(timeout=60) == 1
    futures = [one.remote().future() for _ in range(3)]
    concurrent.futures.wait(futures, timeout=60)
    assert [future.result() for future in futures] == [1, 1, 1]

    async def awaited() -> list[int]:
        ready, _ = await asyncio.wait([asyncio.ensure_future(wrap(one.remote()))])
        return [await one.remote(), *await asyncio.gather(one.remote(), one.remote())] + [
            each.result() for each in ready
        ]

    async def wrap(ref: Any) -> int:
        return await ref

    assert asyncio.run(awaited()) == [1, 1, 1, 1]


def test_many_small_and_deep_ones() -> None:
    refs = [ray.put(number) for number in range(300)]
    assert ray.get(identity.remote(refs)) == refs
    assert sum(ray.get(refs)) == sum(range(300))
    deep: Any = ray.put("end")
    for _ in range(20):
        deep = ray.put([deep])
    for _ in range(20):
        deep = ray.get(deep)[0]
    assert ray.get(deep) == "end"


def test_a_value_larger_than_an_arguments_limit_goes_by_itself() -> None:
    big = bytearray(3 << 20)
    ref = identity.remote(bytes(big))
    big[0] = 1
    assert ray.get(ref)[0] == 0
    assert sys.getsizeof(ray.get(ref)) >= 3 << 20
