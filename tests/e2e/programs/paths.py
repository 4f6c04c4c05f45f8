"""Calls an actor on the node with the address argv[1] and tells over which sockets."""

from __future__ import annotations

import os
import socket
import sys

import ray
from say import say


@ray.remote
class Echo:
    """Answers."""

    def echo(self, data: bytes) -> bytes:
        return data


def peers() -> list[str]:
    """The other ends of this process's sockets."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            with socket.socket(fileno=os.dup(int(name))) as sock:
                peer = sock.getpeername()
        except OSError:
            continue
        found.append(peer if isinstance(peer, str) else f"{peer[0]}:{peer[1]}")
    return sorted(found)


ray.init()
before = peers()
echoes = [Echo.options(resources={f"node:{sys.argv[1]}": 0.01}).remote() for _ in range(2)]
right = all(
    ray.get(echo.echo.remote(b"x" * size)) == b"x" * size for echo in echoes for size in (1, 10**7)
)
say(right=right, peers=[peer for peer in peers() if peer not in before])
