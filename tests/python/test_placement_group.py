"""Placement groups, and where options put actors and tasks."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import ray
from fake_session import NODE, FakeSession
from ray.util.placement_group import (
    PlacementGroup,
    get_current_placement_group,
    get_placement_group,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import (
    DoesNotExist,
    Exists,
    In,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
    NotIn,
    PlacementGroupSchedulingStrategy,
)


class Class:
    pass


def group_view(pg_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "pg_id": pg_id,
        "job_id": "01000000",
        "name": "",
        "strategy": "PACK",
        "state": "CREATED",
        "bundles": [{"GPU": 1}],
        "nodes": [NODE],
        "detached": False,
        "requested_at": 1000,
        "created_at": 1010,
        "attempts": 1,
        "scheduling_state": "FINISHED",
        **fields,
    }


def test_creating_asks_in_units_under_an_id_of_its_own(session: FakeSession) -> None:
    group = placement_group([{"GPU": 1, "node:10.0.0.1": 0.001}, {"CPU": 2}], name="dp")
    kind, fields = session.requests[0]
    assert kind == "group.create"
    assert fields == {
        "pg_id": group.id.hex(),
        "strategy": "PACK",
        "bundles": [{"GPU": 10_000, "node:10.0.0.1": 10}, {"CPU": 20_000}],
        "detached": False,
        "name": "dp",
    }
    assert group.id.hex().endswith("01000000")
    assert group.bundle_specs == [{"GPU": 1.0, "node:10.0.0.1": 0.001}, {"CPU": 2.0}]
    assert group.bundle_count == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bundles": []}, "non-empty"),
        ({"bundles": {"GPU": 1}}, "non-empty list"),
        ({"bundles": [{}]}, "cannot be an empty dictionary"),
        ({"bundles": [{"GPU": 0}]}, "only 0 values"),
        ({"bundles": [{"GPU": -1}]}, "at least 0"),
        ({"bundles": [{"GPU": 1.5}]}, "whole above 1"),
        ({"bundles": [{"GPU": "1"}]}, "Bundles must be"),
        ({"bundles": [{"CPU": 0.00001}]}, "0.0001"),
        ({"bundles": [{"CPU": 1}], "strategy": "CLOSE"}, "Invalid placement group strategy CLOSE"),
        ({"bundles": [{"CPU": 1}], "lifetime": "long"}, "lifetime"),
    ],
    ids=str,
)
def test_malformed(session: FakeSession, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        placement_group(**arguments)
    assert not session.requests


def test_selectors_of_bundles(session: FakeSession) -> None:
    placement_group([{"CPU": 1}, {"CPU": 1}], bundle_label_selector=[{"a": "b"}, {}])
    assert session.requests[-1][1]["selectors"] == [{"a": "b"}, {}]
    for wrong in ([{"a": "b"}], {"a": "b"}, [{"a": 1}, {}], ["a", "b"]):
        with pytest.raises(ValueError, match="label"):
            placement_group([{"CPU": 1}, {"CPU": 1}], bundle_label_selector=wrong)


def test_topologies_are_refused(session: FakeSession) -> None:
    with pytest.raises(NotImplementedError):
        placement_group([{"CPU": 1}], topology_strategy={"rack": "STRICT_PACK"})


def test_handles_are_equal_by_id_and_copy(session: FakeSession) -> None:
    group = placement_group([{"CPU": 1}])
    again = pickle.loads(pickle.dumps(group))
    assert again == group == copy.deepcopy(group)
    assert {group: 1}[again] == 1
    assert again.bundle_specs == [{"CPU": 1.0}]
    assert not group.is_empty
    assert PlacementGroup.empty().is_empty


def test_the_table_has_numbers_as_keys(session: FakeSession) -> None:
    group = placement_group([{"GPU": 1}])
    session.answers["query.groups"] = [group_view(group.id.hex(), name="dp")]
    table = placement_group_table(group)
    assert table == {
        "placement_group_id": group.id.hex(),
        "name": "dp",
        "bundles": {0: {"GPU": 1.0}},
        "bundles_to_node_id": {0: NODE},
        "strategy": "PACK",
        "state": "CREATED",
        "stats": {
            "end_to_end_creation_latency_ms": 10.0,
            "scheduling_latency_ms": 10.0,
            "scheduling_attempt": 1,
            "highest_retry_delay_ms": 0.0,
            "scheduling_state": "FINISHED",
        },
    }
    assert placement_group_table() == {group.id.hex(): table}
    assert get_placement_group("dp") == group
    assert PlacementGroup(group.id).bundle_specs == [{"GPU": 1.0}]


def test_unknown_groups(session: FakeSession) -> None:
    session.answers["query.groups"] = []
    assert placement_group_table(PlacementGroup.empty()) == {}
    with pytest.raises(ValueError, match="dp"):
        get_placement_group("dp")
    with pytest.raises(ValueError, match="non-empty"):
        get_placement_group("")


def test_removing(session: FakeSession) -> None:
    group = placement_group([{"CPU": 1}])
    remove_placement_group(group)
    assert session.requests[-1] == ("group.remove", {"pg_id": group.id.hex()})


def in_group(group: Any, **arguments: Any) -> Any:
    strategy = PlacementGroupSchedulingStrategy(group, **arguments)
    return ray.remote(Class).options(scheduling_strategy=strategy)


def test_an_actor_goes_into_its_bundle(session: FakeSession) -> None:
    group = placement_group([{"GPU": 1}, {"CPU": 1}])
    in_group(group, placement_group_bundle_index=1).remote()
    in_group(group, placement_group_capture_child_tasks=True).options(
        num_cpus=0, num_gpus=1
    ).remote()
    first, second = session.created
    assert (first.pg_id, first.bundle_index, first.capture) == (group.id.hex(), 1, False)
    assert (second.pg_id, second.bundle_index, second.capture) == (group.id.hex(), -1, True)


def test_what_can_never_fit_its_group_is_refused_at_once(session: FakeSession) -> None:
    group = placement_group([{"GPU": 1}, {"CPU": 1}])
    with pytest.raises(ValueError, match=r"cannot fit into bundle 0"):
        in_group(group, placement_group_bundle_index=0).remote()
    with pytest.raises(ValueError, match="cannot fit into any bundle"):
        in_group(group).options(num_gpus=2).remote()
    with pytest.raises(ValueError, match="bundle index 2 is invalid"):
        in_group(group, placement_group_bundle_index=2).remote()
    with pytest.raises(ValueError, match="-1"):
        in_group(None, placement_group_bundle_index=0).remote()


def test_the_old_options_name_a_group_too(session: FakeSession) -> None:
    group = placement_group([{"CPU": 1}])
    ray.remote(Class).options(placement_group=group, placement_group_bundle_index=0).remote()
    assert session.created[0].pg_id == group.id.hex()
    with pytest.raises(ValueError, match="Cannot take both"):
        ray.remote(Class).options(placement_group=group, scheduling_strategy="SPREAD")


def test_children_are_captured(worker: FakeSession) -> None:
    pg_id = worker.assignment.pg_id
    worker.answers["query.groups"] = [group_view(pg_id, bundles=[{"CPU": 4}])]
    group = get_current_placement_group()
    assert group is not None
    assert group.id.hex() == pg_id
    ray.remote(Class).remote()
    ray.remote(Class).options(placement_group=None).remote()
    ray.remote(Class).options(scheduling_strategy="DEFAULT").remote()
    assert [created.pg_id for created in worker.created] == [pg_id, None, None]
    worker.assignment.pg["capture"] = False
    assert get_current_placement_group() == group
    ray.remote(Class).remote()
    assert worker.created[-1].pg_id is None


def test_a_driver_has_no_group(session: FakeSession) -> None:
    assert get_current_placement_group() is None


def test_strategies_as_they_travel(session: FakeSession) -> None:
    actor = ray.remote(Class)
    for strategy in (
        "SPREAD",
        NodeAffinitySchedulingStrategy(NODE, soft=True),
        NodeAffinitySchedulingStrategy(NODE, soft=True, _spill_on_unavailable=True),
        NodeLabelSchedulingStrategy({"zone": In("a", "b")}, soft={"kind": NotIn("c")}),
        NodeLabelSchedulingStrategy({"zone": Exists(), "rack": DoesNotExist()}),
    ):
        actor.options(scheduling_strategy=strategy).remote()
    actor.options(label_selector={"zone": "!a"}).remote()
    actor.options(fallback_strategy=[{"label_selector": {"zone": "b"}}]).remote()
    assert [created.strategy for created in session.created] == [
        {"kind": "spread"},
        {"kind": "node", "node_id": NODE, "soft": True},
        {"kind": "node", "node_id": NODE, "soft": True, "spill": True},
        {"kind": "labels", "hard": {"zone": "in(a,b)"}, "soft": {"kind": "!in(c)"}},
        {"kind": "labels", "hard": {"zone": "exists()", "rack": "!exists()"}, "soft": {}},
        {"kind": "labels", "hard": {"zone": "!a"}, "soft": {}},
        {"kind": "labels", "hard": {}, "soft": {}, "fallback": [{"zone": "b"}]},
    ]


@pytest.mark.parametrize("node_id", ["", "zz", "ab" * 27, "f" * 56])
def test_affinity_wants_an_id(node_id: str) -> None:
    with pytest.raises(ValueError, match="Invalid node_id"):
        NodeAffinitySchedulingStrategy(node_id, soft=False)


def test_label_strategies_check_their_form() -> None:
    for values in ((), (3,)):
        with pytest.raises(ValueError, match="In"):
            In(*values)
    for hard in ({}, {"a": "b"}, [1]):
        with pytest.raises(ValueError, match="hard"):
            NodeLabelSchedulingStrategy(hard)
