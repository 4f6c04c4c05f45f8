"""Actors that end for the reasons argv[2:] on the node argv[1], and what callers are told."""

from __future__ import annotations

import ctypes
import importlib
import mmap
import os
import socket
import sys
import tempfile
import traceback
from typing import Callable

import ray
from say import say, trouble


def fill_memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 20)) * 32)


def import_nothing() -> None:
    importlib.import_module("no_such_module")


def load_nothing() -> None:
    ctypes.CDLL("libnosuch.so.7")


def take_a_port() -> None:
    first = socket.create_server(("127.0.0.1", 0))
    socket.create_server(first.getsockname())


def fill_a_disk() -> None:
    with open("/dev/full", "w") as file:
        file.write("x" * 100_000)


def map_what_is_not_there() -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 16)
        mapped = mmap.mmap(file.fileno(), 1 << 16)
        file.truncate(0)
        mapped[0] = 1


FATES: dict[str, Callable[[], None]] = {
    "memory": fill_memory,
    "module": import_nothing,
    "library": load_nothing,
    "port": take_a_port,
    "disk": fill_a_disk,
    "bus": map_what_is_not_there,
}


@ray.remote
class Doomed:
    """Ends as it is told."""

    def pid(self) -> int:
        return os.getpid()

    def meet(self, fate: str) -> None:
        try:
            FATES[fate]()
        except Exception:
            traceback.print_exc()
            os._exit(1)

    def abort(self) -> None:
        print("RuntimeError: CUDA error: unspecified launch failure", file=sys.stderr, flush=True)
        os.abort()


def main() -> None:
    ray.init()
    where = {f"node:{sys.argv[1]}": 0.001}
    for fate in sys.argv[2:]:
        options = {"resources": where, "num_gpus": 1 if fate == "fault" else 0}
        doomed = Doomed.options(**options).remote()  # type: ignore[arg-type]
        pid = ray.get(doomed.pid.remote())
        if fate == "fault":
            say(pid=pid)
            sys.stdin.readline()
        try:
            ray.get(doomed.abort.remote() if fate == "fault" else doomed.meet.remote(fate))
        except ray.exceptions.RayActorError as error:
            say(fate=fate, error=trouble(error))


if __name__ == "__main__":
    main()
