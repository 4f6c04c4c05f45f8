"""Does what its standard input says, one JSON object a line, with actors of several lives."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from say import say, trouble


@ray.remote(num_cpus=1)
class Life:
    """Tells which life it is in."""

    def __init__(self) -> None:
        self.count = 0

    def where(self) -> dict[str, Any]:
        """Its process, its node, and whether it had a life before."""
        context = ray.get_runtime_context()
        again = context.was_current_actor_reconstructed
        return {"pid": os.getpid(), "ip": ray.util.get_node_ip_address(), "again": again}

    def add(self) -> int:
        self.count += 1
        return self.count

    def wait(self, path: str) -> int:
        """Notes that it runs, and goes on until it may end."""
        with open(path, "a") as file:
            file.write("ran\n")
        while not pathlib.Path(f"{path}.go").exists():
            time.sleep(0.01)
        return os.getpid()

    def fail(self, path: str, times: int) -> int:
        """Raises the first times that it is called."""
        with open(path, "a") as file:
            file.write("ran\n")
        ran = len(pathlib.Path(path).read_text().split())
        if ran <= times:
            raise ValueError(f"run {ran}")
        return ran


def main() -> None:
    ray.init()
    actors: dict[str, Any] = {}
    refs: dict[str, Any] = {}

    def make(name: str, near: str = "", **options: Any) -> None:
        if near:
            node = next(
                n["NodeID"] for n in ray.nodes() if n["Alive"] and n["NodeManagerAddress"] == near
            )
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node, soft=True)
        actors[name] = Life.options(name=name, **options).remote()

    def call(name: str, method: str, ref: str, *args: Any, **options: Any) -> None:
        refs[ref] = getattr(actors[name], method).options(**options).remote(*args)

    def get(ref: str) -> Any:
        return ray.get(refs[ref], timeout=50)

    def now(name: str, method: str, *args: Any) -> Any:
        return ray.get(getattr(actors[name], method).remote(*args), timeout=50)

    def kill(name: str, no_restart: bool) -> None:
        ray.kill(actors[name], no_restart=no_restart)

    def named(name: str) -> Any:
        return ray.get(ray.get_actor(name).where.remote(), timeout=50)

    does = {"make": make, "call": call, "get": get, "now": now, "kill": kill, "named": named}
    for line in sys.stdin:
        what, args, options = json.loads(line)
        try:
            say(value=does[what](*args, **options))  # type: ignore[operator]
        except ray.exceptions.RayError as error:
            say(error=trouble(error))


if __name__ == "__main__":
    main()
