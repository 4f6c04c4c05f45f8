"""The chapter on scheduling of Ray's user guide: resources, strategies, labels, accelerators."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
import ray
from ray.util.scheduling_strategies import (
    In,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
)


@ray.remote(num_cpus=0)
def node() -> str:
    return str(ray.get_runtime_context().get_node_id())


def test_what_the_cluster_has() -> None:
    whole = ray.cluster_resources()
    assert (whole["CPU"], whole["GPU"], whole["mlx"]) == (4, 2, 1)
    assert any(name.startswith("node:") for name in whole)
    assert ray.available_resources()["mlx"] == 1
    (only,) = ray.nodes()
    assert only["Alive"]
    assert only["Resources"]["CPU"] == 4


def test_fractions_share_and_whole_ones_do_not() -> None:
    @ray.remote(num_cpus=0, num_gpus=0.5)
    class Half:
        def gpu(self) -> Any:
            return ray.get_gpu_ids()

    halves = [Half.remote() for _ in range(4)]
    told = ray.get([half.gpu.remote() for half in halves], timeout=60)
    assert sorted(one[0] for one in told) == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="GPU"):
        ray.get(Half.options(num_gpus=1.5).remote().gpu.remote(), timeout=30)


def test_devices_of_tasks_and_actors() -> None:
    @ray.remote(num_gpus=1)
    def visible() -> tuple[Any, str | None]:
        return ray.get_gpu_ids(), os.environ.get("CUDA_VISIBLE_DEVICES")

    ids, variable = ray.get(visible.remote(), timeout=60)
    assert variable == ",".join(map(str, ids))
    assert ray.get_gpu_ids() == []


def test_custom_resources_limit_what_runs_at_once() -> None:
    @ray.remote(num_cpus=0, resources={"mlx": 0.5})
    def work() -> tuple[float, float]:
        begin = time.time()
        time.sleep(0.3)
        return begin, time.time()

    spans = sorted(ray.get([work.remote() for _ in range(4)], timeout=60))
    for at, _ in spans:
        assert sum(begin <= at < end for begin, end in spans) <= 2


def test_strategies_by_name() -> None:
    here = ray.nodes()[0]["NodeID"]
    for strategy in ("DEFAULT", "SPREAD"):
        assert ray.get(node.options(scheduling_strategy=strategy).remote()) == here
    with pytest.raises((ValueError, TypeError)):
        node.options(scheduling_strategy="NOWHERE").remote()


def test_affinity_to_a_node() -> None:
    here = ray.nodes()[0]["NodeID"]
    hard = NodeAffinitySchedulingStrategy(node_id=here, soft=False)
    assert ray.get(node.options(scheduling_strategy=hard).remote()) == here
    gone = NodeAffinitySchedulingStrategy(node_id="ab" * 28, soft=True)
    assert ray.get(node.options(scheduling_strategy=gone).remote(), timeout=60) == here
    never = NodeAffinitySchedulingStrategy(node_id="ab" * 28, soft=False)
    with pytest.raises(ray.exceptions.TaskUnschedulableError):
        ray.get(node.options(scheduling_strategy=never).remote(), timeout=60)

    @ray.remote(num_cpus=0)
    class Actor:
        def ping(self) -> None:
            pass

    with pytest.raises(ray.exceptions.ActorUnschedulableError):
        ray.get(Actor.options(scheduling_strategy=never).remote().ping.remote(), timeout=60)


def test_labels_of_nodes() -> None:
    labels = ray.nodes()[0]["Labels"]
    assert labels["ray.io/node-id"] == ray.nodes()[0]["NodeID"]
    hard = NodeLabelSchedulingStrategy(hard={"ray.io/node-id": In(labels["ray.io/node-id"])})
    assert ray.get(node.options(scheduling_strategy=hard).remote(), timeout=60)
    selected = node.options(label_selector={"ray.io/node-id": labels["ray.io/node-id"]})
    assert ray.get(selected.remote(), timeout=60)


def test_memory_is_a_resource() -> None:
    @ray.remote(memory=100 << 20)
    def assigned() -> dict[str, float]:
        return dict(ray.get_runtime_context().get_assigned_resources())

    assert ray.get(assigned.remote(), timeout=60)["memory"] == 100 << 20


def test_an_actor_waits_for_what_it_needs_and_gives_it_back() -> None:
    @ray.remote(resources={"mlx": 1}, num_cpus=0)
    class Holder:
        def ping(self) -> None:
            pass

    first = Holder.remote()
    ray.get(first.ping.remote())
    second = Holder.remote()
    waiting = second.ping.remote()
    assert ray.wait([waiting], timeout=0.5)[0] == []
    ray.kill(first)
    ray.get(waiting, timeout=60)


def test_an_actor_needs_one_cpu_to_begin_and_none_to_live() -> None:
    @ray.remote
    class Plain:
        def ping(self) -> None:
            pass

    many = [Plain.remote() for _ in range(6)]
    ray.get([one.ping.remote() for one in many], timeout=80)
