"""Puts two actors into a placement group of two bundles and tells where they are."""

from __future__ import annotations

import sys

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from say import say


@ray.remote(num_gpus=1)
class Member:
    """Says where it is."""

    def where(self) -> dict[str, object]:
        context = ray.get_runtime_context()
        return {
            "ip": ray.util.get_node_ip_address(),
            "gpus": ray.get_gpu_ids(),
            "group": context.get_placement_group_id(),
        }


ray.init()
for strategy in sys.argv[1:]:
    group = placement_group([{"GPU": 1, "CPU": 1}] * 2, strategy=strategy)
    ray.get(group.ready())
    members = [
        Member.options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group, placement_group_bundle_index=index
            )
        ).remote()
        for index in range(2)
    ]
    places = ray.get([member.where.remote() for member in members])
    say(strategy=strategy, group=group.id.hex(), places=places)
    remove_placement_group(group)
    for member in members:
        ray.kill(member)
