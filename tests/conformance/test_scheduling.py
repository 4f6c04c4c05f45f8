"""Where tasks run: strategies, labels, placement groups, resources; and that they cannot."""

from __future__ import annotations

import time
from typing import Any

import pytest
import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import (
    DoesNotExist,
    Exists,
    In,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
    NotIn,
    PlacementGroupSchedulingStrategy,
)

NOWHERE = "ab" * 28


@ray.remote
def node() -> str:
    return str(ray.get_runtime_context().get_node_id())


@ray.remote
def group() -> str | None:
    found = ray.util.get_current_placement_group()
    return None if found is None else str(found.id.hex())


@ray.remote
def group_of_child() -> str | None:
    found: str | None = ray.get(group.remote())
    return found


def _here() -> str:
    return str(ray.get_runtime_context().get_node_id())


def test_strings() -> None:
    for strategy in ("DEFAULT", "SPREAD"):
        placed = node.options(scheduling_strategy=strategy)
        assert set(ray.get([placed.remote() for _ in range(4)])) == {_here()}


@pytest.mark.parametrize("soft", [True, False])
def test_a_node_by_its_id(soft: bool) -> None:
    strategy = NodeAffinitySchedulingStrategy(_here(), soft=soft)
    assert ray.get(node.options(scheduling_strategy=strategy).remote()) == _here()


def test_a_node_that_is_not_there() -> None:
    soft = NodeAffinitySchedulingStrategy(NOWHERE, soft=True)
    assert ray.get(node.options(scheduling_strategy=soft).remote(), timeout=60) == _here()
    hard = NodeAffinitySchedulingStrategy(NOWHERE, soft=False)
    with pytest.raises(ray.exceptions.TaskUnschedulableError):
        ray.get(node.options(scheduling_strategy=hard).remote(), timeout=60)


def test_the_same_for_actors() -> None:
    @ray.remote
    class Here:
        def node(self) -> str:
            return str(ray.get_runtime_context().get_node_id())

    hard = NodeAffinitySchedulingStrategy(NOWHERE, soft=False)
    lost = Here.options(scheduling_strategy=hard).remote()
    with pytest.raises(ray.exceptions.ActorUnschedulableError):
        ray.get(lost.node.remote(), timeout=60)


@pytest.mark.parametrize(
    ("hard", "placed"),
    [
        ({"ray.io/node-id": Exists()}, True),
        ({"nobody-has-this": DoesNotExist()}, True),
        ({"nobody-has-this": NotIn("a", "b")}, True),
        ({"ray.io/node-id": "own"}, True),
        ({"ray.io/node-id": In(NOWHERE)}, False),
        ({"nobody-has-this": Exists()}, False),
        ({"ray.io/node-id": DoesNotExist()}, False),
    ],
)
def test_labels(hard: dict[str, Any], placed: bool) -> None:
    own = {label: In(_here(), NOWHERE) if op == "own" else op for label, op in hard.items()}
    strategy = NodeLabelSchedulingStrategy(hard=own)
    ref = node.options(scheduling_strategy=strategy).remote()
    if placed:
        assert ray.get(ref, timeout=60) == _here()
    else:
        assert ray.wait([ref], timeout=1)[0] == []
        ray.cancel(ref)


def test_soft_labels_are_wishes() -> None:
    strategy = NodeLabelSchedulingStrategy(
        hard={"ray.io/node-id": Exists()}, soft={"ray.io/node-id": In(NOWHERE)}
    )
    assert ray.get(node.options(scheduling_strategy=strategy).remote(), timeout=60) == _here()


def test_a_label_selector() -> None:
    assert ray.get(node.options(label_selector={"ray.io/node-id": _here()}).remote()) == _here()
    other = node.options(label_selector={"ray.io/node-id": f"!in({_here()})"}).remote()
    assert ray.wait([other], timeout=1)[0] == []
    ray.cancel(other)


def test_fallbacks() -> None:
    placed = node.options(
        label_selector={"ray.io/node-id": NOWHERE},
        fallback_strategy=[
            {"label_selector": {"ray.io/node-id": "cd" * 28}},
            {"label_selector": {"ray.io/node-id": _here()}},
        ],
    )
    assert ray.get(placed.remote(), timeout=60) == _here()


def test_labels_of_bundles() -> None:
    own, other = {"ray.io/node-id": _here()}, {"ray.io/node-id": f"!{_here()}"}
    made = placement_group([{"CPU": 1}], bundle_label_selector=[own])
    assert made.wait(60)
    remove_placement_group(made)
    waiting = placement_group([{"CPU": 1}, {"CPU": 1}], bundle_label_selector=[own, other])
    assert not waiting.wait(1)
    remove_placement_group(waiting)


@pytest.fixture
def two_bundles() -> Any:
    made = placement_group([{"CPU": 1}, {"CPU": 1}])
    ray.get(made.ready(), timeout=60)
    yield made
    remove_placement_group(made)


def test_children_are_captured_where_asked_for(two_bundles: PlacementGroup) -> None:
    def inside(capture: bool) -> PlacementGroupSchedulingStrategy:
        return PlacementGroupSchedulingStrategy(
            two_bundles,
            placement_group_bundle_index=0,
            placement_group_capture_child_tasks=capture,
        )

    own = two_bundles.id.hex()
    assert ray.get(group.options(scheduling_strategy=inside(False)).remote(), timeout=60) == own
    child = group_of_child.options(scheduling_strategy=inside(True)).remote()
    assert ray.get(child, timeout=60) == own
    child = group_of_child.options(scheduling_strategy=inside(False)).remote()
    assert ray.get(child, timeout=60) is None


def test_a_child_may_leave_the_group(two_bundles: PlacementGroup) -> None:
    @ray.remote
    def leave() -> str | None:
        outside = group.options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(placement_group=None)
        )
        found: str | None = ray.get(outside.remote())
        return found

    strategy = PlacementGroupSchedulingStrategy(
        two_bundles, placement_group_capture_child_tasks=True
    )
    assert ray.get(leave.options(scheduling_strategy=strategy).remote(), timeout=60) is None


def test_a_task_of_a_removed_group_fails() -> None:
    made = placement_group([{"CPU": 1}])
    ray.get(made.ready(), timeout=60)
    strategy = PlacementGroupSchedulingStrategy(made, placement_group_bundle_index=0)

    @ray.remote(num_cpus=1, max_retries=0)
    def hold() -> None:
        time.sleep(60)

    held = [hold.options(scheduling_strategy=strategy).remote() for _ in range(2)]
    time.sleep(1)
    remove_placement_group(made)
    for ref in held:
        with pytest.raises(
            (ray.exceptions.TaskPlacementGroupRemoved, ray.exceptions.WorkerCrashedError)
        ):
            ray.get(ref, timeout=60)


def test_custom_resources_are_never_granted_twice() -> None:
    @ray.remote(resources={"mlx": 1}, num_cpus=0)
    def alone(began: float) -> tuple[float, float]:
        start = time.time()
        time.sleep(0.3)
        return start, time.time()

    spans = sorted(ray.get([alone.remote(0.0) for _ in range(3)], timeout=60))
    assert all(end <= start + 0.01 for (_, end), (start, _) in zip(spans, spans[1:]))


def test_what_cannot_be_placed_waits() -> None:
    ref = node.options(resources={"nowhere": 1}).remote()
    assert ray.wait([ref], timeout=1)[0] == []
    ray.cancel(ref)
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(ref, timeout=30)


def test_memory_is_counted() -> None:
    total = ray.cluster_resources()["memory"]
    assert ray.get(node.options(memory=int(total / 4)).remote(), timeout=60) == _here()
    ref = node.options(memory=int(total * 4)).remote()
    assert ray.wait([ref], timeout=1)[0] == []
    ray.cancel(ref)


def test_amounts_are_free_again_after_tasks() -> None:
    ray.get([node.remote() for _ in range(8)])
    end = time.monotonic() + 30
    while ray.available_resources().get("CPU") != 4:
        assert time.monotonic() < end, ray.available_resources()
        time.sleep(0.1)
