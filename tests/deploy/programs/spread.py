"""A driver whose actors are on two nodes; says on which, or fails when told so."""

import os
import sys

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

ray.init(logging_level="ERROR")


@ray.remote(num_cpus=1)
def where():
    return ray.util.get_node_ip_address()


group = placement_group([{"CPU": 1}] * 2, strategy="STRICT_SPREAD")
ray.get(group.ready())
places = [
    where.options(scheduling_strategy=PlacementGroupSchedulingStrategy(group, i)).remote()
    for i in range(2)
]
print("nodes:", *sorted(ray.get(places)), "token:", "BEAM_TOKEN" in os.environ, flush=True)
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
