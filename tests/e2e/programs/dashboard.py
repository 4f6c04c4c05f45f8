"""A cluster with something of everything, for who looks at it in a browser."""

from __future__ import annotations

import os
import signal
import sys
import time

import ray
from ray.util.placement_group import placement_group
from say import say


@ray.remote(num_gpus=1)
class Engine:
    """Works, and says what it does."""

    def run(self) -> None:
        step = 0
        while True:
            step += 1
            print(f"INFO step {step}: 8 requests, 312.4 tokens/s", flush=True)
            if step % 7 == 0:
                print(f"WARNING step {step}: the queue is long", flush=True)
            time.sleep(0.2)


@ray.remote
class Victim:
    """Dies with last words."""

    def ping(self) -> str:
        return "pong"

    def die(self) -> None:
        print("RuntimeError: CUDA error: an illegal memory access", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


@ray.remote
def square(number: int) -> int:
    return number * number


@ray.remote(max_retries=0)
def fails() -> None:
    raise ValueError("no such thing")


def main() -> None:
    ray.init(namespace="shop")
    engine = Engine.options(name="engine").remote()
    running = engine.run.remote()
    victim = Victim.options(name="victim").remote()
    phoenix = Victim.options(name="phoenix", max_restarts=2).remote()
    hostile = Victim.options(name="<img src=x onerror=alert(1)>").remote()
    ray.get([victim.ping.remote(), phoenix.ping.remote(), hostile.ping.remote()])
    group = placement_group([{"CPU": 1}, {"CPU": 1}], strategy="SPREAD", name="pair")
    ray.get(group.ready())
    never = placement_group([{"GPU": 64}], name="too_large")
    large = ray.put(bytes(8 * 2**20))
    ray.get([square.remote(number) for number in range(20)])
    for dying in (victim.die, phoenix.die, fails):
        try:
            ray.get(dying.remote())
        except Exception as error:
            print(f"{type(error).__name__} is what was expected", file=sys.stderr)
    say(ready=True, victim=victim._actor_id.hex())
    sys.stdin.read()
    del running, never, large, hostile


main()
