"""Everything that a driver has begun goes on while the head is away; what is new waits for it.

argv: nodes of three actors; a FIFO that a task reads. Goes on at lines of standard input.
"""

from __future__ import annotations

import sys
import threading

import ray
from blocks import MIB, block, holder
from callers import Caller, Counter, go_on
from ray.util.placement_group import placement_group
from say import say

*nodes, fifo = sys.argv[1:]


@ray.remote(num_cpus=1, max_retries=0)
def read(path: str) -> str:
    with open(path) as file:
        return file.read()


@ray.remote(num_cpus=1)
def double(value: int) -> int:
    return 2 * value


class Asking(threading.Thread):
    """Asks for what is answered by the head alone: a group, and an actor that has a name."""

    def __init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        group = placement_group([{"CPU": 1}], name="new")
        self.named = Counter.options(name="named").remote()
        self.created = group.wait(60)


ray.init(namespace="away")
callers = [Caller(node) for node in nodes]
keeper = Counter.options(name="keeper", lifetime="detached").remote()
assert ray.get(keeper.add.remote()) == 1
held = placement_group([{"gold": 1}], name="held")
assert ray.get(held.ready())
waiting = placement_group([{"gold": 1}], name="waiting")
assert not waiting.wait(0.1)
values = holder(nodes[1])
ref = ray.get(values.put.remote(9 * MIB, 1))[0]
own = ray.put(block(9 * MIB, 2))
assert ray.get(values.digest.remote(own)) == block(9 * MIB, 2).digest()
under_way = read.remote(fifo)
for caller in callers:
    caller.start()
say(ready=True)

sys.stdin.readline()  # the head is away
late = Counter.remote()
answer = late.add.remote()
task = double.remote(21)
asking = Asking()
asking.start()
assert ray.wait([answer, task], num_returns=2, timeout=0.5)[0] == []
assert ray.get(keeper.add.remote()) == 2
assert asking.is_alive()
say(waits=True)
say(under_way=ray.get(under_way))
del own, ref
go_on(callers[:1])
say(near=True)

sys.stdin.readline()  # it is back
say(late=ray.get([answer, task], timeout=60), waiting=waiting.wait(0.1))
asking.join()
say(asked=asking.created)
say(names=[ray.get(ray.get_actor(name).add.remote()) for name in ("keeper", "named")])
go_on(callers)
for caller in callers:
    caller.end()
say(calls=[caller.calls for caller in callers])
sys.stdin.readline()  # what waits was looked at
ray.util.remove_placement_group(held)
say(created=waiting.wait(60))
ray.kill(keeper)
