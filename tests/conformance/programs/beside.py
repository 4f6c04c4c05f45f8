"""A driver whose actor classes come from a module beside it."""

from __future__ import annotations

import json
import os

import neighbour
import ray


@ray.remote(num_cpus=0)
class Square(neighbour.Shape):
    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.ready = True

    def area(self) -> int:
        return self.size**2


class Unfinished(neighbour.Shape):
    pass


ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)
name, area, point, colour = ray.get(Square.remote(3).described.remote(), timeout=60)
try:
    ray.get(ray.remote(num_cpus=0)(Unfinished).remote(1).described.remote(), timeout=60)
    refused = "not at all"
except (ray.exceptions.RayActorError, TypeError) as error:
    refused = "abstract" in str(error)
spawned = ray.get(ray.remote(num_cpus=0)(neighbour.Spawner).remote().spawn.remote(), timeout=80)
told = [
    name,
    area,
    point == neighbour.Point(3),
    colour is neighbour.Colour.RED,
    refused,
    spawned == neighbour.Point(7),
]
print("TOLD", json.dumps(told))
