"""Work on the node argv[1], which is drained: actors, a group with one inside, tasks."""

from __future__ import annotations

import os
import sys

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    PlacementGroupSchedulingStrategy,
)
from say import say, trouble


@ray.remote(num_cpus=0)
class Actor:
    """Tells where it is."""

    def node(self) -> str:
        return ray.get_runtime_context().get_node_id()


@ray.remote(num_cpus=1, max_retries=0)
def read(path: str) -> str:
    with open(path) as file:
        return file.read()


@ray.remote(num_cpus=1)
def where() -> str:
    return ray.get_runtime_context().get_node_id()


node, fifo = sys.argv[1:]
ray.init(namespace="drained")
there = NodeAffinitySchedulingStrategy(node, soft=True)
group = placement_group([{"gold": 1}], name="vault")
assert group.wait(30)
inside = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=0)
mortal = Actor.options(name="mortal", scheduling_strategy=there).remote()
lasting = Actor.options(name="lasting", max_restarts=1, scheduling_strategy=there).remote()
guard = Actor.options(name="guard", max_restarts=1, scheduling_strategy=inside).remote()
actors = [mortal, lasting, guard]
assert [ray.get(actor.node.remote()) for actor in actors] == [node] * 3
reading = read.options(scheduling_strategy=there).remote(fifo)
say(ready=True)

sys.stdin.readline()  # it drains
assert ray.get(where.options(scheduling_strategy=there).remote()) != node
assert [ray.get(actor.node.remote()) for actor in actors] == [node] * 3
say(read=ray.get(reading))

sys.stdin.readline()  # what is left there has been ended
try:
    ray.get(mortal.node.remote())
except ray.exceptions.RayActorError as error:
    say(error=trouble(error))
say(lasting=ray.get(lasting.node.remote(), timeout=60) != node)
sys.stdin.readline()  # there is gold elsewhere
say(guard=ray.get(guard.node.remote(), timeout=60) != node)
say(pid=os.getpid())
