"""Calls an actor on the node argv[1]; an actor that always comes back is on the head's, argv[2]."""

from __future__ import annotations

import sys

import ray
from callers import Caller, Counter, go_on
from say import say

own, heads = sys.argv[1:]
ray.init(namespace="restart")
keeper = Counter.options(
    name="keeper", lifetime="detached", max_restarts=-1, resources={f"node:{heads}": 0.01}
).remote()
assert ray.get([keeper.add.remote() for _ in range(3)]) == [1, 2, 3]
caller = Caller(own)
caller.start()
say(calling=True)
sys.stdin.readline()
found = ray.get_actor("keeper")
while True:
    try:
        count = ray.get(found.add.remote(), timeout=60)
        break
    except ray.exceptions.ActorUnavailableError:
        continue
go_on([caller])
[node] = [node for node in ray.nodes() if node["Alive"] and node["NodeManagerAddress"] == heads]
say(keeper=count, node=node["NodeManagerAddress"])
sys.stdin.readline()
caller.end()
say(calls=caller.calls)
ray.kill(found)
