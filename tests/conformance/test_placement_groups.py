"""Placement groups: reserving, waiting, what runs inside, removing."""

from __future__ import annotations

import copy
import os
import pickle
import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest
import ray
from ray.util.placement_group import (
    PlacementGroup,
    get_current_placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


class Member:
    def facts(self) -> dict[str, Any]:
        context = ray.get_runtime_context()
        group = get_current_placement_group()
        return {
            "gpus": context.get_accelerator_ids()["GPU"],
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "group": None if group is None else group.id.hex(),
            "of": context.get_placement_group_id(),
        }

    def create_child(self) -> dict[str, Any]:
        child = ray.remote(num_cpus=0)(Member).remote()
        return ray.get(child.facts.remote())

    def same(self, group: PlacementGroup) -> bool:
        return group == get_current_placement_group()


def within(group: PlacementGroup, index: int = -1, capture: bool | None = None) -> Any:
    return PlacementGroupSchedulingStrategy(
        placement_group=group,
        placement_group_bundle_index=index,
        placement_group_capture_child_tasks=capture,
    )


_made: list[PlacementGroup] = []


def placement_group(*args: Any, **kwargs: Any) -> PlacementGroup:
    """Make a group that ends with its test."""
    _made.append(ray.util.placement_group(*args, **kwargs))
    return _made[-1]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    while _made:
        remove_placement_group(_made.pop())
    until(lambda: ray.available_resources().get("GPU") == 2)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that Ray does in its own time, and tells nobody of."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ready_becomes_the_group_itself() -> None:
    group = placement_group([{"GPU": 1}, {"CPU": 1}], strategy="PACK", name="first")
    assert group.bundle_specs == [{"GPU": 1.0}, {"CPU": 1.0}]
    assert group.bundle_count == 2
    assert len(group.id.hex()) == 36
    done, _ = ray.wait([group.ready()], timeout=30)
    assert done
    assert ray.get(group.ready()) == group
    assert group.wait(10)
    assert ray.util.get_placement_group("first") == group


def test_handles_travel() -> None:
    group = placement_group([{"CPU": 1}])
    for again in (pickle.loads(pickle.dumps(group)), copy.deepcopy(group)):
        assert again == group
        assert hash(again) == hash(group)
        assert again.bundle_specs == [{"CPU": 1.0}]


def test_the_table() -> None:
    group = placement_group([{"GPU": 1}], name="tabled")
    ray.get(group.ready(), timeout=30)
    table = placement_group_table(group)
    assert table["placement_group_id"] == group.id.hex()
    assert table["name"] == "tabled"
    assert table["bundles"] == {0: {"GPU": 1.0}}
    assert table["bundles_to_node_id"] == {0: ray.get_runtime_context().get_node_id()}
    assert table["strategy"] == "PACK"
    assert table["state"] == "CREATED"
    assert table["stats"]["scheduling_state"] == "FINISHED"
    assert placement_group_table()[group.id.hex()]["state"] == "CREATED"
    remove_placement_group(group)
    until(lambda: placement_group_table(group)["state"] == "REMOVED")


def test_a_group_that_does_not_fit_waits() -> None:
    first = placement_group([{"GPU": 2}])
    ray.get(first.ready(), timeout=30)
    second = placement_group([{"GPU": 1}])
    pending = second.ready()
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(pending, timeout=0)
    assert ray.wait([pending], timeout=0.2) == ([], [pending])
    assert not second.wait(0.1)
    assert placement_group_table(second)["state"] == "PENDING"
    assert placement_group_table(second)["bundles_to_node_id"] == {0: ""}
    remove_placement_group(first)
    assert ray.get(pending, timeout=30) == second


def test_actors_inside_have_the_bundles_devices() -> None:
    group = placement_group([{"GPU": 1}, {"GPU": 1}], strategy="STRICT_PACK")
    members = [
        ray.remote(Member)
        .options(num_cpus=0, num_gpus=1, scheduling_strategy=within(group, index))
        .remote()
        for index in range(2)
    ]
    facts = ray.get([member.facts.remote() for member in members], timeout=60)
    assert sorted(fact["gpus"][0] for fact in facts) == ["0", "1"]
    assert all(fact["visible"] == fact["gpus"][0] for fact in facts)
    assert all(fact["of"] == group.id.hex() for fact in facts)
    assert all(fact["group"] == group.id.hex() for fact in facts)
    remove_placement_group(group)
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(members[0].facts.remote(), timeout=30)


def test_an_actor_may_be_created_before_its_group_is_there() -> None:
    group = placement_group([{"GPU": 1}, {"CPU": 1}])
    member = ray.remote(Member).options(scheduling_strategy=within(group, 1)).remote()
    facts = ray.get(member.facts.remote(), timeout=60)
    assert facts["gpus"] == []


@pytest.mark.parametrize("capture", [True, False, None])
def test_capture_passes_the_group_on(capture: bool | None) -> None:
    group = placement_group([{"CPU": 2}])
    member = (
        ray.remote(Member)
        .options(num_cpus=1, scheduling_strategy=within(group, 0, capture))
        .remote()
    )
    assert ray.get(member.same.remote(group), timeout=60)
    child = ray.get(member.create_child.remote(), timeout=60)
    assert child["of"] == (group.id.hex() if capture else None)


def test_tasks_inside() -> None:
    group = placement_group([{"CPU": 1}])
    of = ray.remote(lambda: ray.get_runtime_context().get_placement_group_id())
    inside = of.options(scheduling_strategy=within(group))
    assert ray.get(inside.remote(), timeout=60) == group.id.hex()
    assert get_current_placement_group() is None


def test_fractions_share_a_device() -> None:
    group = placement_group([{"GPU": 1}])
    members = [
        ray.remote(Member)
        .options(num_cpus=0, num_gpus=0.4, scheduling_strategy=within(group, 0))
        .remote()
        for _ in range(2)
    ]
    first, second = ray.get([member.facts.remote() for member in members], timeout=60)
    assert first["gpus"] == second["gpus"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"bundles": []},
        {"bundles": [{}]},
        {"bundles": [{"GPU": 0}]},
        {"bundles": {"GPU": 1}},
        {"bundles": [{"GPU": 1}], "strategy": "CLOSE"},
        {"bundles": [{"GPU": 1}], "lifetime": "long"},
    ],
    ids=str,
)
def test_malformed_groups(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        placement_group(**arguments)


def test_bundles_that_are_not_there() -> None:
    group = placement_group([{"CPU": 1}])
    with pytest.raises(ValueError, match="index"):
        ray.remote(Member).options(scheduling_strategy=within(group, 5)).remote()
    with pytest.raises(ValueError, match="fit into any bundle"):
        ray.remote(Member).options(num_gpus=2, scheduling_strategy=within(group)).remote()
    with pytest.raises(ValueError, match="nobody"):
        ray.util.get_placement_group("nobody")
