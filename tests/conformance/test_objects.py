"""Chapter: objects. References, where their values live, and how long."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from typing import Any

import pytest
import ray

LARGE = 4 << 20


@ray.remote(num_cpus=0)
class Keeper:
    """Keeps what it is given, and makes references of its own."""

    def __init__(self, given: Any = None) -> None:
        self.kept: Any = given
        self.made: Any = None

    def keep(self, box: Any) -> None:
        self.kept = box

    def drop(self) -> None:
        self.kept = None
        gc.collect()

    def give(self) -> Any:
        return self.kept

    def read(self) -> Any:
        return ray.get(self.kept[0])

    def kind(self, value: Any) -> str:
        return type(value).__name__

    def kind_inside(self, box: Any) -> str:
        return type(box[0]).__name__

    def make(self, value: Any) -> Any:
        self.made = [ray.put(value)]
        return self.made

    def make_and_forget(self, value: Any) -> Any:
        return [ray.put(value)]

    def start_slow(self, seconds: float) -> Any:
        return [slow.remote(seconds, "slow")]

    def length(self, value: Any) -> int:
        return len(value)

    def large(self, size: int) -> bytes:
        return b"x" * size

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> str:
        time.sleep(seconds)
        return "slept"

    def call_and_drop(self, seconds: float) -> Any:
        (handle,) = self.kept
        self.kept = None
        return [handle.sleep.remote(seconds), handle.sleep.remote(0)]


@ray.remote(num_cpus=0)
class AsyncReader:
    async def read(self, box: Any) -> Any:
        return [await each for each in box]


@ray.remote(num_cpus=0)
def slow(seconds: float, value: Any) -> Any:
    time.sleep(seconds)
    return value


@ray.remote(num_cpus=0)
def read_inside(box: Any) -> Any:
    return ray.get(box)


@ray.remote(num_cpus=0)
def add(a: int, b: int) -> int:
    return a + b


@ray.remote(num_cpus=0)
def nested(value: Any) -> Any:
    return ray.put(value)


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 30
    while _runs(pid):
        assert time.monotonic() < deadline, "the actor goes on"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_put_object_is_what_it_was() -> None:
    for value in (1, "text", b"bytes", [1, {"a": (2, 3)}], None, {1, 2}):
        assert ray.get(ray.put(value)) == value


def test_a_reference_cannot_be_put() -> None:
    with pytest.raises(TypeError):
        ray.put(ray.put(1))


def test_a_value_that_was_put_does_not_change() -> None:
    value = [1]
    ref = ray.put(value)
    value.append(2)
    assert ray.get(ref) == [1]


def test_a_top_level_reference_is_its_value_and_an_inner_one_a_reference() -> None:
    actor = Keeper.remote()
    ref = ray.put(5)
    assert ray.get(actor.kind.remote(ref)) == "int"
    assert ray.get(actor.kind_inside.remote([ref])) == "ObjectRef"
    assert ray.get(add.remote(ref, b=ref)) == 10


def test_references_inside_lists_and_dicts() -> None:
    refs = [ray.put(each) for each in range(10)]
    assert ray.get(read_inside.remote(refs)) == list(range(10))
    actor = Keeper.remote()
    ray.get(actor.keep.remote({0: refs[3]}))
    assert ray.get(actor.read.remote()) == 3


def test_a_value_lives_as_long_as_an_actor_has_its_reference() -> None:
    actor = Keeper.remote()
    ref = ray.put("kept")
    ray.get(actor.keep.remote([ref]))
    del ref
    gc.collect()
    time.sleep(0.5)
    assert ray.get(actor.read.remote()) == "kept"


def test_a_reference_in_the_constructor() -> None:
    actor = Keeper.remote([ray.put("given")])
    gc.collect()
    assert ray.get(actor.read.remote()) == "given"


def test_a_result_with_a_reference_inside() -> None:
    actor = Keeper.remote()
    (ref,) = ray.get(actor.make_and_forget.remote("made"))
    time.sleep(0.5)
    assert ray.get(ref) == "made"
    inner = ray.get(nested.remote("of a task"))
    assert ray.get(inner) == "of a task"


def test_a_reference_returns_to_its_owner_as_the_same() -> None:
    actor = Keeper.remote()
    ref = ray.put("x")
    ray.get(actor.keep.remote([ref]))
    (back,) = ray.get(actor.give.remote())
    assert back == ref
    assert hash(back) == hash(ref)
    assert back.hex() == ref.hex()


def test_references_inside_objects_that_are_put() -> None:
    inner = ray.put("inner")
    outer = ray.put({"inner": inner})
    del inner
    gc.collect()
    actor = Keeper.remote([outer])
    del outer
    gc.collect()
    time.sleep(0.5)
    found = ray.get(actor.read.remote())
    assert ray.get(found["inner"]) == "inner"


def test_a_reference_goes_through_two_actors() -> None:
    first, second = Keeper.remote(), Keeper.remote()
    box = ray.get(first.make_and_forget.remote([1, 2]))
    ray.get(second.keep.remote(box))
    del box
    gc.collect()
    time.sleep(0.5)
    assert ray.get(second.read.remote()) == [1, 2]


def test_a_borrowed_reference_to_what_is_not_there_yet() -> None:
    actor = Keeper.remote()
    (ref,) = ray.get(actor.start_slow.remote(1.5))
    assert ray.wait([ref], timeout=0.1) == ([], [ref])
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(ref, timeout=0.1)
    assert ray.get(ref, timeout=30) == "slow"
    assert ray.wait([ref], timeout=0) == ([ref], [])


def test_a_borrowed_reference_is_awaited() -> None:
    actor, reader = Keeper.remote(), AsyncReader.remote()
    box = ray.get(actor.make.remote("awaited"))
    assert ray.get(reader.read.remote([*box, ray.put(2)])) == ["awaited", 2]
    assert box[0].future().result(10) == "awaited"

    async def wait() -> Any:
        return await box[0]

    assert asyncio.run(wait()) == "awaited"


def test_wait_over_a_mixture() -> None:
    actor = Keeper.remote()
    (borrowed,) = ray.get(actor.make.remote(1))
    pending = slow.remote(30, None)
    put = ray.put(2)
    called = actor.length.remote([1])
    ready, rest = ray.wait([pending, borrowed, put, called], num_returns=3, timeout=20)
    assert set(ready) == {borrowed, put, called}
    assert rest == [pending]
    ready, rest = ray.wait([borrowed, pending], num_returns=2, timeout=0.2, fetch_local=False)
    assert (ready, rest) == ([borrowed], [pending])
    ray.cancel(pending, force=True)


def test_the_owners_death_is_an_error_of_its_values() -> None:
    actor = Keeper.remote()
    (ref,) = ray.get(actor.make.remote(1))
    (pending,) = ray.get(actor.start_slow.remote(60))
    pid = ray.get(actor.pid.remote())
    ray.kill(actor)
    _wait_for_end(pid)
    time.sleep(2.0)  # Ray goes on for a moment with what it has seen of a value
    for lost in (ref, pending):
        with pytest.raises(ray.exceptions.OwnerDiedError) as caught:
            ray.get(lost, timeout=30)
        assert lost.hex() in str(caught.value)
    assert isinstance(caught.value, ray.exceptions.ObjectLostError)
    assert ray.wait([ref], timeout=10)[0] == [ref]


def test_an_error_is_raised_by_a_borrower_too() -> None:
    @ray.remote(num_cpus=0)
    class Maker:
        def fail(self) -> Any:
            return [failing.remote()]

    @ray.remote(num_cpus=0)
    def failing() -> None:
        raise KeyError("seven")

    maker = Maker.remote()
    (ref,) = ray.get(maker.fail.remote())
    with pytest.raises(KeyError):
        ray.get(ref, timeout=30)


def test_large_values_as_puts_arguments_and_results() -> None:
    actor = Keeper.remote()
    data = b"y" * LARGE
    ref = ray.put(data)
    assert ray.get(ref) == data
    assert ray.get([actor.length.remote(ref), actor.length.remote(data)]) == [LARGE, LARGE]
    result = actor.large.remote(LARGE)
    assert ray.get(actor.length.remote(result)) == LARGE
    assert len(ray.get(result)) == LARGE
    (borrowed,) = ray.get(actor.make.remote(data))
    assert ray.get(borrowed) == data


def test_arrays_are_read_only_and_keep_their_values() -> None:
    np = pytest.importorskip("numpy")
    array = np.arange(1 << 20)
    ref = ray.put(array)
    array[0] = 99
    got = ray.get(ref)
    assert not got.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        got[0] = 1
    assert int(got[0]) == 0
    del ref
    gc.collect()
    time.sleep(0.5)
    assert int(got[-1]) == (1 << 20) - 1


def test_the_same_reference_many_times() -> None:
    ref = ray.put([1])
    assert ray.get([ref, ref]) == [[1], [1]]
    with pytest.raises(ValueError, match="unique"):
        ray.wait([ref, ref])


def test_a_reference_in_a_closure_and_in_a_pickle() -> None:
    ref = ray.put("captured")

    @ray.remote(num_cpus=0)
    def read() -> Any:
        return ray.get(ref)

    assert ray.get(read.remote()) == "captured"
    copied = ray.cloudpickle.loads(ray.cloudpickle.dumps(ref))
    assert ray.get(copied) == "captured"


def test_an_actor_lives_while_another_process_has_a_handle() -> None:
    owner, keeper = Keeper.remote("alive"), Keeper.remote()
    ray.get(keeper.keep.remote([owner]))
    del owner
    gc.collect()
    time.sleep(1.0)
    (handle,) = ray.get(keeper.give.remote())
    assert ray.get(handle.give.remote()) == "alive"


def test_an_actor_ends_when_no_process_has_a_handle() -> None:
    actor, keeper = Keeper.remote("alive"), Keeper.remote()
    pid = ray.get(actor.pid.remote())
    ray.get(keeper.keep.remote([actor]))
    del actor
    gc.collect()
    time.sleep(1.0)
    assert _runs(pid)
    ray.get(keeper.drop.remote())
    _wait_for_end(pid)


def test_calls_that_were_submitted_run_before_an_actor_without_handles_ends() -> None:
    actor, keeper = Keeper.remote(), Keeper.remote()
    pid = ray.get(actor.pid.remote())
    ray.get(keeper.keep.remote([actor]))
    del actor
    gc.collect()
    refs = ray.get(keeper.call_and_drop.remote(1.0))
    assert ray.get(refs, timeout=30) == ["slept", "slept"]
    _wait_for_end(pid)


def test_a_handle_inside_an_object_that_was_put() -> None:
    actor = Keeper.remote("alive")
    pid = ray.get(actor.pid.remote())
    ref = ray.put([actor])
    del actor
    gc.collect()
    time.sleep(1.0)
    (handle,) = ray.get(ref)
    assert ray.get(handle.give.remote()) == "alive"
    del ref, handle
    gc.collect()
    _wait_for_end(pid)


def test_time_limits_that_are_none() -> None:
    """What is taken for no limit: -1, and numbers of days that no wait of the system's takes."""

    @ray.remote(num_cpus=0)
    def late() -> int:
        time.sleep(0.5)
        return 1

    for limit in (-1, 3_000_000, 1e9):
        assert ray.get(late.remote(), timeout=limit) == 1
    ready, _ = ray.wait([late.remote()], timeout=1e9)
    assert ray.get(ready) == [1]
    told: list[int] = []
    waits = threading.Thread(target=lambda: told.append(ray.get(late.remote(), timeout=1e9)))
    waits.start()
    assert ray.get(late.remote(), timeout=1e9) == 1
    waits.join()
    assert told == [1]
