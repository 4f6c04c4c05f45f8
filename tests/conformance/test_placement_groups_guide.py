"""The chapter on placement groups of Ray's user guide: one test for each shape of its examples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import ray
from ray.util.placement_group import (
    PlacementGroup,
    get_current_placement_group,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


@contextmanager
def group(bundles: list[dict[str, float]], **options: Any) -> Iterator[PlacementGroup]:
    """A group that is there, and gone afterwards."""
    made = placement_group(bundles, **options)
    assert made.wait(60)
    try:
        yield made
    finally:
        remove_placement_group(made)


@ray.remote(num_cpus=1)
def assigned() -> dict[str, float]:
    return dict(ray.get_runtime_context().get_assigned_resources())


@ray.remote
def current() -> Any:
    from ray.util.placement_group import get_current_placement_group

    found = get_current_placement_group()
    return found and found.id.hex()


def test_a_group_is_waited_for_and_used() -> None:
    with group([{"CPU": 1}, {"GPU": 1, "CPU": 1}], strategy="PACK", name="pair") as pair:
        ray.get(pair.ready(), timeout=60)
        assert pair.bundle_specs == [{"CPU": 1}, {"GPU": 1, "CPU": 1}]
        assert pair.bundle_count == 2
        strategy = PlacementGroupSchedulingStrategy(
            placement_group=pair, placement_group_bundle_index=1
        )
        told = ray.get(assigned.options(scheduling_strategy=strategy).remote(), timeout=60)
        assert any(name.startswith("CPU") for name in told)

        @ray.remote(num_gpus=1, num_cpus=1)
        class Worker:
            def gpus(self) -> list[Any]:
                return list(ray.get_gpu_ids())

        worker = Worker.options(scheduling_strategy=strategy).remote()
        assert len(ray.get(worker.gpus.remote(), timeout=60)) == 1


def test_what_does_not_fit_waits_and_can_be_removed() -> None:
    waiting = placement_group([{"CPU": 1}, {"nowhere": 1}])
    done, left = ray.wait([waiting.ready()], timeout=0.5)
    assert (done, len(left)) == ([], 1)
    assert not waiting.wait(0)
    assert placement_group_table(waiting)["state"] == "PENDING"
    remove_placement_group(waiting)


def test_a_group_by_its_name() -> None:
    with group([{"CPU": 0.5}], name="found") as found:
        assert ray.util.get_placement_group("found").id == found.id
        row = placement_group_table(found)
        assert (row["name"], row["strategy"], row["state"]) == ("found", "PACK", "CREATED")
        assert row["bundles"] == {0: {"CPU": 0.5}}
        assert placement_group_table()[found.id.hex()]["name"] == "found"
    with pytest.raises(ValueError, match="found"):
        ray.util.get_placement_group("found")


def test_child_tasks_stay_inside_where_that_is_asked_for() -> None:
    @ray.remote(num_cpus=1)
    class Parent:
        def child(self) -> Any:
            @ray.remote(num_cpus=0)
            def inner() -> Any:
                from ray.util.placement_group import get_current_placement_group

                found = get_current_placement_group()
                return found and found.id.hex()

            return ray.get(inner.remote())

        def mine(self) -> Any:
            from ray.util.placement_group import get_current_placement_group

            found = get_current_placement_group()
            return found and found.id.hex()

    with group([{"CPU": 2}]) as held:
        told = []
        for capture in (True, False):
            parent = Parent.options(
                scheduling_strategy=PlacementGroupSchedulingStrategy(
                    placement_group=held, placement_group_capture_child_tasks=capture
                )
            ).remote()
            told.append(ray.get([parent.mine.remote(), parent.child.remote()], timeout=60))
            ray.kill(parent)
        here = held.id.hex()
        assert told == [[here, here], [here, None]]
    assert get_current_placement_group() is None


def test_removing_a_group_ends_what_runs_in_it() -> None:
    @ray.remote(num_cpus=1)
    class Inside:
        def ping(self) -> str:
            return "here"

    with group([{"CPU": 1}]) as held:
        inside = Inside.options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(placement_group=held)
        ).remote()
        assert ray.get(inside.ping.remote(), timeout=60) == "here"
    with pytest.raises(ray.exceptions.RayActorError):  # noqa: PT012
        for _ in range(1000):
            ray.get(inside.ping.remote(), timeout=60)


def test_many_actors_share_a_device_of_a_bundle() -> None:
    @ray.remote(num_cpus=0, num_gpus=0.25)
    class Part:
        def gpu(self) -> Any:
            return ray.get_gpu_ids()[0]

    with group([{"GPU": 1, "CPU": 1}]) as held:
        parts = [
            Part.options(scheduling_strategy=PlacementGroupSchedulingStrategy(held, 0)).remote()
            for _ in range(4)
        ]
        assert len(set(ray.get([part.gpu.remote() for part in parts], timeout=60))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"bundles": []},
        {"bundles": [{}]},
        {"bundles": [{"CPU": 0}]},
        {"bundles": [{"CPU": 1}], "strategy": "WIDE"},
        {"bundles": [{"CPU": 1}], "lifetime": "short"},
        {"bundles": "CPU"},
    ],
)
def test_wrong_arguments(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        placement_group(**wrong)


def test_a_bundle_that_is_not_there() -> None:
    with group([{"CPU": 1}]) as held, pytest.raises(ValueError, match="bundle index"):
        assigned.options(scheduling_strategy=PlacementGroupSchedulingStrategy(held, 3)).remote()


@pytest.mark.parametrize("strategy", ["PACK", "SPREAD", "STRICT_PACK"])
def test_strategies_on_one_node(strategy: str) -> None:
    with group([{"CPU": 1}, {"CPU": 1}], strategy=strategy) as held:
        nodes = placement_group_table(held)["bundles_to_node_id"]
        assert set(nodes.values()) == {ray.nodes()[0]["NodeID"]}


def test_a_group_can_be_handed_on() -> None:
    @ray.remote(num_cpus=0)
    def use(held: PlacementGroup) -> Any:
        strategy = PlacementGroupSchedulingStrategy(placement_group=held)
        return ray.get(current.options(num_cpus=1, scheduling_strategy=strategy).remote())

    with group([{"CPU": 1}]) as held:
        assert ray.get(use.remote(held), timeout=60) == held.id.hex()
