"""Does what each line of standard input says: `actors N`, `tasks N`, `groups N` or `crowd N`."""

from __future__ import annotations

import os
import sys

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from say import say


@ray.remote(num_cpus=1)
class Short:
    """Answers once."""

    def pid(self) -> int:
        return os.getpid()


@ray.remote(num_cpus=1)
def double(number: int) -> int:
    return 2 * number


def actors(count: int) -> None:
    """One after another: every second is killed, the others end when nobody has a handle."""
    for at in range(count):
        actor = Short.remote()
        ray.get(actor.pid.remote())
        if at % 2:
            ray.kill(actor)
        del actor


def tasks(count: int) -> None:
    for first in range(0, count, 500):
        numbers = range(first, min(first + 500, count))
        assert ray.get([double.remote(number) for number in numbers]) == [2 * n for n in numbers]


def groups(count: int) -> None:
    for _ in range(count):
        group = placement_group([{"CPU": 1}, {"CPU": 1}], strategy="PACK")
        ray.get(group.ready())
        remove_placement_group(group)


def crowd(count: int) -> None:
    """All at the same time; they stay until the next line."""
    there = [Short.remote() for _ in range(count)]
    say(pids=ray.get([actor.pid.remote() for actor in there]))
    sys.stdin.readline()


ray.init()
say(pid=os.getpid())
KINDS = {"actors": actors, "tasks": tasks, "groups": groups, "crowd": crowd}
for line in iter(sys.stdin.readline, ""):
    kind, number = line.split()
    KINDS[kind](int(number))
    say(done=kind)
