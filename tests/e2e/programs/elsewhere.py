"""Waits for calls to an actor on the node argv[1], and tells how they end."""

from __future__ import annotations

import sys
import time

import ray
from say import say, trouble


@ray.remote
class Far:
    """Takes its time."""

    def hello(self) -> str:
        return "hello"

    def sleep(self) -> None:
        print("far last words", file=sys.stderr, flush=True)
        time.sleep(600)


ray.init()
far = Far.options(resources={f"node:{sys.argv[1]}": 0.01}).remote()
say(hello=ray.get(far.hello.remote()))
pending = far.sleep.remote()
say(waiting=True)
try:
    ray.get(pending)
except ray.exceptions.RayActorError as error:
    say(error=trouble(error))
try:
    ray.get(far.hello.remote())
except ray.exceptions.RayActorError as error:
    say(later=trouble(error))
