"""What a driver finds after its cluster was started again: the nodes, and room for a group."""

from __future__ import annotations

import ray
from ray.util.placement_group import placement_group
from say import say

ray.init()
alive = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
group = placement_group([{"CPU": 1}])
say(alive=alive, created=group.wait(5))  # a head that waits for former nodes does so for 10 s
