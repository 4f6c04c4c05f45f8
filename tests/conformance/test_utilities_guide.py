"""Ray's utilities, as its documentation shows them: queues, pools, helpers, metrics, state."""

from __future__ import annotations

import asyncio
import itertools
import pathlib
import time
from typing import Any

import pytest
import ray
from ray.util import ActorPool
from ray.util.queue import Empty, Full, Queue


def test_a_queue_between_tasks() -> None:
    queue = Queue(maxsize=100)

    @ray.remote(num_cpus=0)
    def consume(source: Any, number: int) -> list[int]:
        return [source.get(block=True, timeout=60) for _ in range(number)]

    consumers = [consume.remote(queue, 5) for _ in range(2)]
    for item in range(10):
        queue.put(item)
    got = itertools.chain.from_iterable(ray.get(consumers, timeout=60))
    assert sorted(got) == list(range(10))
    queue.shutdown()


def test_limits_of_a_queue() -> None:
    queue = Queue(maxsize=2, actor_options={"num_cpus": 0})
    assert queue.empty()
    queue.put_nowait_batch([1, 2])
    assert (queue.qsize(), queue.full(), len(queue)) == (2, True, 2)
    with pytest.raises(Full):
        queue.put_nowait(3)
    with pytest.raises(Full):
        queue.put(3, timeout=0.1)
    assert queue.get_nowait_batch(2) == [1, 2]
    with pytest.raises(Empty):
        queue.get_nowait()
    with pytest.raises(Empty):
        queue.get(timeout=0.1)

    async def both_ways() -> int:
        await queue.put_async(5)
        return int(await queue.get_async())

    assert asyncio.run(both_ways()) == 5
    queue.shutdown(force=True)


def test_a_pool_of_actors() -> None:
    @ray.remote(num_cpus=0)
    class Doubler:
        def double(self, x: int) -> int:
            return 2 * x

    pool = ActorPool([Doubler.remote() for _ in range(2)])
    assert list(pool.map(lambda actor, x: actor.double.remote(x), [1, 2, 3, 4])) == [2, 4, 6, 8]
    unordered = pool.map_unordered(lambda actor, x: actor.double.remote(x), [1, 2, 3])
    assert sorted(unordered) == [2, 4, 6]
    pool.submit(lambda actor, x: actor.double.remote(x), 1)
    pool.submit(lambda actor, x: actor.double.remote(x), 2)
    assert pool.has_next()
    assert [pool.get_next(), pool.get_next(timeout=60)] == [2, 4]
    assert not pool.has_next()
    with pytest.raises(StopIteration):
        pool.get_next()
    idle = pool.pop_idle()
    assert pool.has_free()
    pool.push(idle)


def test_values_as_they_get_ready(tmp_path: pathlib.Path) -> None:
    @ray.remote(num_cpus=0)
    def after(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    @ray.remote(num_cpus=0)
    def when_there(path: pathlib.Path) -> str:
        while not path.exists():
            time.sleep(0.01)
        return "late"

    refs: list[Any] = [when_there.remote(tmp_path / "gate"), after.remote(0.0)]
    ready = ray.util.as_completed(refs, chunk_size=1)
    assert next(ready) == 0.0
    (tmp_path / "gate").touch()
    assert list(ready) == ["late"]
    assert set(ray.util.as_completed(refs, yield_obj_refs=True)) == set(refs)
    assert sorted(ray.util.map_unordered(after, [0.1, 0.0], backpressure_size=1)) == [0.0, 0.1]
    with pytest.raises(ValueError, match="chunk_size"):
        list(ray.util.as_completed(refs, chunk_size=0))
    with pytest.raises(ValueError, match="backpressure_size"):
        list(ray.util.map_unordered(after, [0.0], backpressure_size=0))


def test_metrics_of_ones_own() -> None:
    from ray.util.metrics import Counter, Gauge, Histogram

    counter = Counter("requests", description="all of them", tag_keys=("kind",))
    counter.set_default_tags({"kind": "a"})
    counter.inc()
    counter.inc(2.5, tags={"kind": "b"})
    gauge = Gauge("depth", tag_keys=("kind",))
    gauge.set(3, tags={"kind": "a"})
    histogram = Histogram("seconds", boundaries=[0.1, 1], tag_keys=())
    histogram.observe(0.5)
    assert counter.info["name"] == "requests"
    assert gauge.info["tag_keys"] == ("kind",)
    with pytest.raises(ValueError):  # noqa: PT011
        counter.inc(-1)
    with pytest.raises(ValueError):  # noqa: PT011
        gauge.set(1, tags={"other": "a"})
    with pytest.raises((TypeError, ValueError)):
        Histogram("none", boundaries=[])


def test_said_once() -> None:
    from ray.util import debug

    assert ray.util.log_once("said")
    assert not ray.util.log_once("said")
    debug.reset_log_once("said")
    assert ray.util.log_once("said")


def test_names_of_accelerators() -> None:
    from ray.util.accelerators import NVIDIA_H100, NVIDIA_TESLA_V100, AMD_INSTINCT_MI300x

    names = (NVIDIA_TESLA_V100, NVIDIA_H100, AMD_INSTINCT_MI300x)
    assert names == ("V100", "H100", "AMD-Instinct-MI300X-OAM")


def test_named_actors_are_listed() -> None:
    @ray.remote(num_cpus=0)
    class Listed:
        pass

    kept = Listed.options(name="listed").remote()
    ray.get(kept.__ray_ready__.remote())
    assert "listed" in ray.util.list_named_actors()
    assert {"name": "listed", "namespace": "conformance"} in ray.util.list_named_actors(
        all_namespaces=True
    )


def test_a_pool_of_processes() -> None:
    from ray.util.multiprocessing import Pool

    def double(x: int) -> int:
        return 2 * x

    with Pool(processes=2) as pool:
        assert pool.map(double, range(4)) == [0, 2, 4, 6]
        assert pool.apply(double, (4,)) == 8
        assert pool.apply_async(double, (5,)).get(timeout=60) == 10
        assert list(pool.imap(double, [1, 2])) == [2, 4]
        assert sorted(pool.imap_unordered(double, [1, 2])) == [2, 4]
        assert pool.starmap(lambda a, b: a + b, [(1, 2), (3, 4)]) == [3, 7]


def test_a_bar_of_progress() -> None:
    from ray.experimental import tqdm_ray

    @ray.remote
    def work() -> int:
        total = 0
        for item in tqdm_ray.tqdm(range(3), desc="work"):
            total += item
        tqdm_ray.safe_print("done")
        return total

    assert ray.get(work.remote(), timeout=60) == 3


def test_the_context_of_a_driver() -> None:
    context = ray.get_runtime_context()
    assert len(context.get_job_id()) == 8
    assert len(context.get_node_id()) == 56
    assert context.namespace == "conformance"
    assert context.get_actor_id() is None
    assert ray.util.get_node_ip_address() == ray.nodes()[0]["NodeManagerAddress"]
