"""What workers print reaches the driver, with a prefix, and the logs."""

from __future__ import annotations

import sys

import ray
from say import say


@ray.remote
class Talker:
    """Prints."""

    def talk(self, text: str) -> None:
        print(f"out {text}")
        print(f"err {text}", file=sys.stderr)

    def raw(self, text: str) -> None:
        import os

        os.write(1, f"raw {text}\n".encode())


ray.init(log_to_driver=sys.argv[1] == "on")
talker = Talker.options(resources={"node:127.0.0.1": 0.01}).remote()
ray.get([talker.talk.remote("one"), talker.raw.remote("two")])
say(actor=talker._actor_id.hex())
# Their lines come on their own way; the test waits for them before it lets this end.
sys.stdin.read()
