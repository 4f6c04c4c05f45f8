"""Tasks on two nodes, the second of which (argv[1]) is killed while they run there.

Says where what ran, and what became of the values that lay on the lost node.
"""

from __future__ import annotations

import sys
import time

import ray
from ray.util.scheduling_strategies import (
    In,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
)
from say import say, trouble

FAR = sys.argv[1]
MEBIBYTE = 1 << 20


@ray.remote
def where(seconds: float = 0.0) -> str:
    """Tells where it runs."""
    time.sleep(seconds)
    address: str = ray.util.get_node_ip_address()
    return address


@ray.remote
def large(mark: int) -> bytes:
    """Makes a value that lies on the node where it was made."""
    return bytes([mark]) * (4 * MEBIBYTE)


@ray.remote(num_returns=2)
def two_large() -> tuple[bytes, bytes]:
    """The same twice."""
    return b"x" * (4 * MEBIBYTE), b"y" * (4 * MEBIBYTE)


@ray.remote
def sum_up(value: bytes) -> tuple[int, str]:
    """Reads a large value."""
    return sum(value[:1000]), ray.util.get_node_ip_address()


def main() -> None:
    ray.init()
    far = next(node["NodeID"] for node in ray.nodes() if node["NodeManagerAddress"] == FAR)
    there = NodeAffinitySchedulingStrategy(far, soft=True)
    spread = where.options(scheduling_strategy="SPREAD")
    say(spread=sorted(set(ray.get([spread.remote(0.5) for _ in range(4)]))))
    say(affine=ray.get(where.options(scheduling_strategy=there).remote()))
    labels = NodeLabelSchedulingStrategy(hard={"zone": In("far")})
    say(labelled=ray.get(where.options(scheduling_strategy=labels).remote()))
    say(selected=ray.get(where.options(label_selector={"zone": "!far"}).remote()))

    kept = large.options(scheduling_strategy=there).remote(1)
    pair = two_large.options(scheduling_strategy=there).remote()
    final = large.options(scheduling_strategy=there, max_retries=0).remote(2)
    ray.wait([kept, *pair, final], num_returns=4, fetch_local=False)
    while ray.available_resources()["CPU"] < 4:
        time.sleep(0.05)  # the workers are kept for a moment
    say(near=ray.get(sum_up.remote(kept)))
    running = where.options(scheduling_strategy=there).remote(2.0)
    time.sleep(0.5)
    say(ready=True)
    sys.stdin.readline()

    say(again=ray.get(running, timeout=60))
    say(recovered=sum(ray.get(kept, timeout=60)[:10]))
    say(pair=[value[:1].decode() for value in ray.get(pair, timeout=60)])
    say(summed=ray.get(sum_up.remote(large.remote(3)), timeout=60)[0])
    try:
        ray.get(final, timeout=60)
    except ray.exceptions.ObjectLostError as error:
        say(lost=trouble(error))
    hard = NodeAffinitySchedulingStrategy(far, soft=False)
    try:
        ray.get(where.options(scheduling_strategy=hard).remote(), timeout=60)
    except ray.exceptions.TaskUnschedulableError as error:
        say(unschedulable=trouble(error))


main()
