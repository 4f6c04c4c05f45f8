"""Keeps a stream to an actor on the node with the address argv[1] while its certificate changes."""

from __future__ import annotations

import sys

import ray
from say import say


@ray.remote
class Echo:
    """Answers."""

    def echo(self, data: bytes) -> bytes:
        return data


ray.init()
echo = Echo.options(resources={f"node:{sys.argv[1]}": 0.01}).remote()
say(right=ray.get(echo.echo.remote(b"before")) == b"before")
sys.stdin.readline()
say(right=ray.get(echo.echo.remote(b"after")) == b"after")
