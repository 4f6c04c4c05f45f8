"""Actors on the nodes of argv[1], and one that is on the node argv[2] while that is there.

Calls are under way while the first line of input comes in. For every line it is told what came of
them, what the first actor hears from the others, and where the last one is now.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from say import say


@ray.remote(max_restarts=-1, max_task_retries=-1)
class Where:
    """Knows where it runs."""

    def address(self) -> str:
        return ray.util.get_node_ip_address()

    def pid(self) -> int:
        return os.getpid()

    def when(self, fifo: str) -> str:
        """Waits until somebody writes; tells where it ran."""
        Path(fifo).read_text()
        return self.address()

    def ask(self, other: ray.actor.ActorHandle) -> str:
        return ray.get(other.address.remote(), timeout=60)


ray.init()
staying = [
    Where.options(num_cpus=0.1, resources={f"node:{ip}": 0.001}).remote()
    for ip in sys.argv[1].split(",")
]
there = NodeAffinitySchedulingStrategy(sys.argv[2], soft=True)
moving = Where.options(num_cpus=0.1, scheduling_strategy=there).remote()
pids = ray.get([actor.pid.remote() for actor in staying], timeout=60)
under_way = [actor.when.remote(fifo) for actor, fifo in zip(staying, sys.argv[3:])]
say(
    moving=ray.get(moving.address.remote(), timeout=60),
    pid=ray.get(moving.pid.remote(), timeout=60),
)
for _ in sys.stdin:
    say(
        done=ray.get(under_way, timeout=60),
        asked=ray.get([staying[0].ask.remote(actor) for actor in staying[1:]], timeout=60),
        same=ray.get([actor.pid.remote() for actor in staying], timeout=60) == pids,
        moved=ray.get(moving.address.remote(), timeout=60),
    )
