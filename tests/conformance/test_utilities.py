"""Pools, queues and other helpers of `ray.util`."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from typing import Any

import pytest
import ray
from ray.util.multiprocessing import Pool
from ray.util.queue import Empty, Full, Queue

_BASE = 0


def square(value: int) -> int:
    return value * value


def add(one: int, other: int = 10) -> int:
    return one + other


def fail_at_three(value: int) -> int:
    if value == 3:
        raise KeyError("three")
    return value


def slow(value: float) -> float:
    time.sleep(value)
    return value


def set_base(value: int) -> None:
    global _BASE
    _BASE = value


def with_base(value: int) -> int:
    return _BASE + value


def pid(_: Any = None) -> int:
    return os.getpid()


# ── multiprocessing.Pool ─────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def pool() -> Any:
    with Pool(2) as made:
        yield made


def test_apply(pool: Pool) -> None:
    assert pool.apply(add, (1,), {"other": 2}) == 3
    assert pool.apply(add, [1]) == 11
    result = pool.apply_async(add, (1, 2))
    assert result.get(timeout=30) == 3
    assert result.ready()
    assert result.successful()
    with pytest.raises(KeyError):
        pool.apply(fail_at_three, (3,))
    failed = pool.apply_async(fail_at_three, (3,))
    failed.wait(30)
    assert not failed.successful()


def test_map(pool: Pool) -> None:
    assert pool.map(square, range(10)) == [each * each for each in range(10)]
    assert pool.map(square, range(7), chunksize=3) == [each * each for each in range(7)]
    assert pool.map(square, []) == []
    assert pool.map_async(square, iter(range(3))).get(30) == [0, 1, 4]
    assert pool.starmap(add, [(1, 2), (3, 4)]) == [3, 7]
    assert pool.starmap_async(add, [(1, 2), (3,)]).get(30) == [3, 13]
    with pytest.raises(KeyError):
        pool.map(fail_at_three, range(5))


def test_imap(pool: Pool) -> None:
    assert list(pool.imap(square, range(6))) == [0, 1, 4, 9, 16, 25]
    assert list(pool.imap(square, iter(range(6)), chunksize=4)) == [0, 1, 4, 9, 16, 25]
    assert sorted(pool.imap_unordered(square, range(6), chunksize=2)) == [0, 1, 4, 9, 16, 25]
    assert list(pool.imap_unordered(slow, [1.5, 0.0])) == [0.0, 1.5]
    iterator = pool.imap(fail_at_three, range(2, 5))
    assert next(iterator) == 2
    assert isinstance(next(iterator), Exception)
    assert iterator.next(timeout=30) == 4
    with pytest.raises(StopIteration):
        iterator.next()


def test_waiting_for_too_long(pool: Pool) -> None:
    result = pool.apply_async(slow, (2.0,))
    with pytest.raises(multiprocessing.TimeoutError):
        result.get(timeout=0.05)
    assert not result.ready()
    with pytest.raises(ValueError, match="not ready"):
        result.successful()
    assert result.get(30) == 2.0
    iterator = pool.imap(slow, [1.0])
    with pytest.raises(multiprocessing.TimeoutError):
        iterator.next(timeout=0.05)
    assert iterator.next(timeout=30) == 1.0


def test_callbacks(pool: Pool) -> None:
    values: list[Any] = []
    errors: list[Any] = []
    results = [
        pool.apply_async(add, (1,), callback=values.append, error_callback=errors.append),
        pool.map_async(square, [2, 3], callback=values.append, error_callback=errors.append),
        pool.map_async(fail_at_three, [3], callback=values.append, error_callback=errors.append),
    ]
    for result in results:
        result.wait(30)
    end = time.monotonic() + 10
    while len(values) + len(errors) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    # Ray gives the callback the values as they came.
    assert 11 in values
    assert sorted(*(value for value in values if value != 11)) == [4, 9]
    assert [type(each.underlying) for each in errors] == [KeyError]


def test_initializer() -> None:
    with Pool(2, initializer=set_base, initargs=(100,)) as own:
        assert own.map(with_base, range(3)) == [100, 101, 102]


def test_processes_that_are_replaced() -> None:
    with Pool(1, maxtasksperchild=2) as own:
        pids = [own.apply(pid) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_the_end_of_a_pool() -> None:
    own = Pool(2)
    assert len({*own.map(pid, range(20), chunksize=1)}) == 2
    with pytest.raises(ValueError, match="still running"):
        own.join()
    last = own.apply_async(add, (1,))
    own.close()
    own.join()
    assert last.get(10) == 11
    with pytest.raises(ValueError, match="not running"):
        own.apply(add, (1,))


def test_pools_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=">0"):
        Pool(0)
    with pytest.raises(ValueError, match="only 4 CPUs"):
        Pool(100)


def test_joblib() -> None:
    joblib = pytest.importorskip("joblib")
    from ray.util.joblib import register_ray

    register_ray()
    with joblib.parallel_backend("ray", n_jobs=2):
        values = joblib.Parallel()(joblib.delayed(square)(each) for each in range(20))
    assert values == [each * each for each in range(20)]
    with joblib.parallel_backend("ray", n_jobs=2), pytest.raises(KeyError):
        joblib.Parallel()(joblib.delayed(fail_at_three)(each) for each in range(5))


# ── Queue ────────────────────────────────────────────────────────────────────────────────────


def test_a_queue() -> None:
    queue = Queue(maxsize=2)
    queue.put(1)
    queue.put_nowait(2)
    assert (queue.size(), len(queue), queue.full(), queue.empty()) == (2, 2, True, False)
    with pytest.raises(Full):
        queue.put_nowait(3)
    with pytest.raises(Full):
        queue.put(3, timeout=0.1)
    assert (queue.get(), queue.get_nowait()) == (1, 2)
    with pytest.raises(Empty):
        queue.get_nowait()
    with pytest.raises(Empty):
        queue.get(timeout=0.1)
    with pytest.raises(ValueError, match="non-negative"):
        queue.get(timeout=-1)
    queue.put_nowait_batch([4, 5])
    with pytest.raises(Full):
        queue.put_nowait_batch([6])
    assert queue.get_nowait_batch(2) == [4, 5]
    with pytest.raises(Empty):
        queue.get_nowait_batch(1)
    queue.shutdown()


@ray.remote(num_cpus=0)
def produce(queue: Queue, count: int) -> None:
    for each in range(count):
        queue.put(each)


def test_a_queue_between_processes() -> None:
    queue = Queue(actor_options={"num_cpus": 0})
    reference = produce.remote(queue, 5)
    assert [queue.get(timeout=30) for _ in range(5)] == list(range(5))
    ray.get(reference)

    async def both() -> Any:
        await queue.put_async("x")
        return await queue.get_async()

    assert asyncio.run(both()) == "x"
    queue.shutdown(force=True)


# ── ActorPool ────────────────────────────────────────────────────────────────────────────────


@ray.remote(num_cpus=0)
class Doubler:
    def double(self, value: int) -> int:
        return 2 * value

    def wait(self, seconds: float) -> float:
        time.sleep(seconds)
        return seconds


def double(actor: Any, value: int) -> Any:
    return actor.double.remote(value)


def test_an_actor_pool() -> None:
    actors = [Doubler.remote(), Doubler.remote()]
    own = ray.util.ActorPool(actors)
    assert list(own.map(double, [1, 2, 3, 4])) == [2, 4, 6, 8]
    assert sorted(own.map_unordered(double, [1, 2, 3, 4])) == [2, 4, 6, 8]
    own.submit(double, 5)
    assert own.has_next()
    assert own.get_next() == 10
    assert not own.has_next()
    with pytest.raises(StopIteration):
        own.get_next()
    assert own.has_free()
    idle = own.pop_idle()
    assert idle in actors
    own.push(idle)
    with pytest.raises(ValueError, match="already belongs"):
        own.push(idle)
    own.submit(lambda actor, value: actor.wait.remote(value), 2.0)
    with pytest.raises(TimeoutError):
        own.get_next(timeout=0.1)
    assert own.get_next_unordered(timeout=30) == 2.0


# ── the rest ─────────────────────────────────────────────────────────────────────────────────


@ray.remote(num_cpus=0)
def identity(value: Any) -> Any:
    return value


def test_values_as_they_get_ready() -> None:
    references = [identity.remote(each) for each in range(5)]
    assert sorted(ray.util.as_completed(references)) == list(range(5))
    assert sorted(ray.util.map_unordered(identity, range(5))) == list(range(5))


def test_names_of_actors() -> None:
    own = Doubler.options(name="listed").remote()
    ray.get(own.double.remote(1))
    assert "listed" in ray.util.list_named_actors()
    namespace = ray.get_runtime_context().namespace
    named = {"name": "listed", "namespace": namespace}
    assert named in ray.util.list_named_actors(all_namespaces=True)
    ray.kill(own)


def test_what_cannot_be_pickled() -> None:
    import threading

    from ray.util import inspect_serializability

    assert inspect_serializability(square)[0]
    lock = threading.Lock()
    fine, failures = inspect_serializability(lambda: lock, name="with a lock")
    assert not fine
    assert failures


def test_log_once() -> None:
    key = f"test {time.time()}"
    assert ray.util.log_once(key)
    assert not ray.util.log_once(key)
