"""Calls an actor in a loop, and waits for a group, while the head is killed under it."""

from __future__ import annotations

import sys
import threading

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from say import say


@ray.remote
class Counter:
    """Counts."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


ray.init()
near = Counter.options(name="near", resources={"node:127.0.0.1": 0.01}).remote()
far = Counter.options(name="far", resources={"node:127.0.0.2": 0.01}).remote()
ray.get([near.add.remote(), far.add.remote()])
held = placement_group([{"GPU": 1}])
ray.get(held.ready())
waiting = placement_group([{"GPU": 1}])
say(pending=not waiting.wait(0.1))

over = threading.Event()


def read() -> None:
    sys.stdin.readline()
    over.set()


threading.Thread(target=read).start()
say(calling=True)
calls = 1
while not over.is_set():
    calls += 1
    assert ray.get([near.add.remote(), far.add.remote()]) == [calls, calls]
say(calls=calls)
say(names=[ray.get(ray.get_actor(name).add.remote()) == calls + 1 for name in ("near", "far")])
new = Counter.options(name="new", resources={"node:127.0.0.2": 0.01}).remote()
say(new=ray.get(new.add.remote()))
remove_placement_group(held)
say(created=waiting.wait(30), nodes=sum(node["Alive"] for node in ray.nodes()))
