"""Has an actor on each node tell its address, again with new actors for every line of its input."""

from __future__ import annotations

import sys

import ray
from say import say


@ray.remote(num_cpus=1)
class Where:
    """Knows where it runs."""

    def address(self) -> str:
        return ray.util.get_node_ip_address()


ray.init()


def tell() -> None:
    actors = [Where.remote() for _ in range(3)]
    say(nodes=sorted(ray.get([actor.address.remote() for actor in actors], timeout=60)))
    for actor in actors:
        ray.kill(actor)


tell()
for _ in sys.stdin:
    tell()
