"""Names: found by name, taken once, gone with their actor; handles passed to other actors."""

from __future__ import annotations

import ray
from say import say, trouble


@ray.remote
class Counter:
    """Counts."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


@ray.remote
class Friend:
    """Calls an actor that it was given, or finds by name."""

    def use(self, counter: ray.actor.ActorHandle) -> int:
        return ray.get(counter.add.remote())

    def find(self, name: str) -> int:
        return ray.get(ray.get_actor(name).add.remote())

    def keep(self, counters: list[ray.actor.ActorHandle]) -> None:
        self.kept = counters[0]

    def use_kept(self) -> int:
        return ray.get(self.kept.add.remote())

    def make(self) -> ray.actor.ActorHandle:
        return Counter.options(name="child").remote()


ray.init()
counter = Counter.options(name="counter").remote()
friend = Friend.options(resources={"node:127.0.0.2": 0.01}).remote()
say(own=ray.get(counter.add.remote()), found=ray.get(ray.get_actor("counter").add.remote()))
say(passed=ray.get(friend.use.remote(counter)), by_name=ray.get(friend.find.remote("counter")))
try:
    Counter.options(name="counter").remote()
except ValueError as error:
    say(duplicate=trouble(error))
again = Counter.options(name="counter", get_if_exists=True).remote()
say(existing=ray.get(again.add.remote()))
ray.get(friend.keep.remote([counter]))
del counter, again
say(kept=ray.get(friend.use_kept.remote()))
child = ray.get(friend.make.remote())
say(child=ray.get(child.add.remote()), same=ray.get(ray.get_actor("child").add.remote()))
try:
    ray.get_actor("nobody")
except ValueError as error:
    say(absent=trouble(error))
