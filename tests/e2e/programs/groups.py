"""Placement groups that must wait: what is said of them, and what makes them come about."""

from __future__ import annotations

import sys

import ray
from ray.util.placement_group import (
    get_placement_group,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from say import say, trouble


@ray.remote
class Member:
    """Lives in a bundle."""

    def node(self) -> str:
        return ray.util.get_node_ip_address()


def state(group: object) -> str:
    """Its state in the table."""
    return str(placement_group_table(group)["state"])


ray.init()
first = placement_group([{"GPU": 1}], name="first")
say(ready=first.wait(10), state=state(first))
member = Member.options(
    num_cpus=0,
    num_gpus=1,
    scheduling_strategy=PlacementGroupSchedulingStrategy(placement_group=first),
).remote()
say(member=ray.get(member.node.remote()))
second = placement_group([{"GPU": 1}], name="second")
ready = second.ready()
say(
    at_once=len(ray.wait([ready], timeout=0)[0]),
    wait=second.wait(timeout_seconds=0),
    state=state(second),
)
try:
    ray.get(ready, timeout=0)
except ray.exceptions.GetTimeoutError as error:
    say(timeout=trouble(error))
sys.stdin.readline()  # the test looks at the status and at the warning
remove_placement_group(get_placement_group("first"))
try:
    ray.get(member.node.remote())
except ray.exceptions.RayActorError as error:
    say(removed=trouble(error))
group = ray.get(ready)
say(second=state(second), same=group.id == second.id)
remove_placement_group(second)

large = placement_group([{"GPU": 5}])
say(large=large.wait(timeout_seconds=0.2))
say(created=large.wait(60), state=state(large))
