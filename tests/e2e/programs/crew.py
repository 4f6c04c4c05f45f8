"""A crew over the nodes of argv: rank 0 is killed, and the others end each in its way."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from say import say, trouble

#: As torch's backends say it, in what they print and in what they raise.
GLOO = "[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]"
STORE = "TCPStore.cpp:138] recvValue failed, Connection was likely closed. Did the remote crash?"


@ray.remote(num_cpus=1)
class Rank:
    """Works with rank 0, to which it has a connection."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.server = socket.create_server(("127.0.0.1", 0)) if rank == 0 else None
        self.peers: list[socket.socket] = []

    def __repr__(self) -> str:
        return f"Rank{self.rank}"

    def listens(self) -> tuple[int, int]:
        """The pid and the port of rank 0."""
        assert self.server is not None
        return os.getpid(), self.server.getsockname()[1]

    def meet(self, port: int) -> None:
        """Connects to rank 0."""
        self.peers.append(socket.create_connection(("127.0.0.1", port)))

    def work(self) -> None:
        """Goes on until rank 0 is gone."""
        if self.rank == 0:
            assert self.server is not None
            while True:
                self.peers.append(self.server.accept()[0])
        with contextlib.suppress(ConnectionError):
            self.peers[0].recv(1)
        if self.rank == 1:
            raise RuntimeError(GLOO)
        time.sleep(0.1)
        if self.rank == 2:
            print(STORE, file=sys.stderr, flush=True)
            os.abort()
        os._exit(1)


def main() -> None:
    ray.init()
    ips = [sys.argv[1 + at % (len(sys.argv) - 1)] for at in range(4)]
    group = placement_group([{"CPU": 1, f"node:{ip}": 0.001} for ip in ips])
    ray.get(group.ready())
    ranks = [
        Rank.options(
            name=f"rank{rank}",
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, rank),
        ).remote(rank)
        for rank in range(4)
    ]
    pid, port = ray.get(ranks[0].listens.remote())
    ray.get([rank.meet.remote(port) for rank in ranks[1:]])
    working = [rank.work.remote() for rank in ranks]
    os.kill(pid, signal.SIGKILL)
    try:
        ray.get(list(reversed(working)))
    except ray.exceptions.RayError as error:
        say(together=trouble(error))
    for rank, work in enumerate(working):
        try:
            ray.get(work)
        except ray.exceptions.RayError as error:
            say(rank=rank, error=trouble(error))
    say(done=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
