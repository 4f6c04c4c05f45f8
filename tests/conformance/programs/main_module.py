"""A driver whose actors, values and errors are its own main module's; run by path and by `-m`."""

from __future__ import annotations

import enum
import json
import os
import sys
from dataclasses import dataclass

import ray

STEP = 5
seen: list[int] = []


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


@dataclass
class Report:
    total: int
    level: Level


class OwnError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class PlainError(ValueError):
    pass


class Helper:
    def doubled(self, x: int) -> int:
        return scaled(x, 2)


def scaled(x: int, by: int) -> int:
    return x * by


@ray.remote(num_cpus=0)
class Own:
    def __init__(self, level: Level) -> None:
        self.level = level

    def report(self, given: Report) -> Report:
        seen.append(given.total)
        return Report(Helper().doubled(given.total) + STEP + len(seen), self.level)

    def same(self, level: Level) -> bool:
        return level is self.level is Level.HIGH

    def fail(self) -> None:
        raise OwnError(3)

    def refuse(self) -> None:
        raise PlainError("plain")

    def main(self) -> str:
        return str(sys.modules["__main__"].__name__)


@ray.remote(num_cpus=0)
def task(given: Report) -> Report:
    return Report(scaled(given.total, 3), given.level)


def main() -> None:
    ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)
    own = Own.remote(Level.HIGH)
    got = ray.get([own.report.remote(Report(1, Level.LOW)) for _ in range(2)], timeout=60)
    told: dict[str, object] = {
        "equal": got == [Report(8, Level.HIGH), Report(9, Level.HIGH)],
        "identical": got[0].level is Level.HIGH and type(got[0]) is Report,
        "same": ray.get(own.same.remote(Level.HIGH)),
        "task": ray.get(task.remote(Report(2, Level.LOW))) == Report(6, Level.LOW),
        "seen_here": seen,
        "main": ray.get(own.main.remote()),
    }
    try:
        ray.get(own.fail.remote())
    except OwnError as error:
        told["error"] = [isinstance(error, ray.exceptions.RayTaskError), error.code]
    try:
        ray.get(own.refuse.remote())
    except PlainError as error:
        told["cause"] = [type(error.cause) is PlainError, str(error.cause)]
    print("TOLD", json.dumps(told))


if __name__ == "__main__":
    main()
