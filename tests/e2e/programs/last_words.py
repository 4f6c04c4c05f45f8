"""Workers on both nodes, and a detached one, print; the driver ends at once."""

from __future__ import annotations

import sys

import ray


@ray.remote
class Talker:
    """Prints."""

    def talk(self, text: str) -> None:
        print(text)
        print(text, file=sys.stderr)


ray.init(namespace="last-words")
talkers = {
    "here": Talker.options(resources={"node:127.0.0.1": 0.01}).remote(),
    "there": Talker.options(resources={"node:127.0.0.2": 0.01}).remote(),
    "detached": Talker.options(
        name="stays", lifetime="detached", resources={"node:127.0.0.1": 0.01}
    ).remote(),
}
ray.get([talker.__ray_ready__.remote() for talker in talkers.values()])
ray.get([talker.talk.remote(f"last word {name}") for name, talker in talkers.items()])
