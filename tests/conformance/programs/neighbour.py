"""A module beside the programs: found through the driver's sys.path."""

from __future__ import annotations

import abc
import enum
import multiprocessing
import os
from dataclasses import dataclass
from typing import Any


class Colour(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Point:
    x: int


class Shape(abc.ABC):
    """Made into an actor by way of a subclass."""

    def __init__(self, size: int) -> None:
        self.size = size

    @abc.abstractmethod
    def area(self) -> int:
        """What the subclass is for."""

    def described(self) -> tuple[str, int, Point, Colour]:
        return type(self).__name__, self.area(), Point(self.size), Colour.RED


def drive(results: Any) -> None:
    """The main function of a child process, which is a driver of its own."""
    import ray

    ray.init()

    @ray.remote(num_cpus=0)
    class Inner:
        def told(self) -> tuple[Point, int]:
            return Point(7), os.getppid()

    results.put(ray.get(Inner.remote().told.remote(), timeout=30)[0])
    ray.shutdown()


class Spawner:
    """Starts a driver of its own, as vLLM's engine does."""

    def spawn(self) -> Point:
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        child = context.Process(target=drive, args=(results,))
        child.start()
        point: Point = results.get(timeout=40)
        child.join(20)
        return point
