"""Large values whose bytes travel apart from their pickle, as an array's do; actors for them."""

from __future__ import annotations

import hashlib
import os
import pickle
from typing import Any

import ray

MIB = 2**20


class Block:
    """Bytes that are read where they lie."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Block, (pickle.PickleBuffer(self.data),)

    def digest(self) -> str:
        """Tells one block from another."""
        return hashlib.sha256(memoryview(self.data)).hexdigest()


def block(size: int, seed: int = 0) -> Block:
    """A block with bytes of its own."""
    piece = hashlib.sha256(b"%d %d" % (seed, size)).digest() * 128
    return Block(bytearray(piece * (size // len(piece) + 1))[:size])


@ray.remote
class Holder:
    """Reads blocks, makes them, keeps references."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def pid(self) -> int:
        return os.getpid()

    def digest(self, value: Block) -> str:
        return value.digest()

    def make(self, size: int, seed: int = 0) -> Block:
        return block(size, seed)

    def put(self, size: int, seed: int = 0) -> list[Any]:
        """A reference that this actor owns, in a list so that it arrives as one."""
        return [ray.put(block(size, seed))]

    def keep(self, refs: list[Any]) -> None:
        self.kept += refs

    def read_kept(self) -> list[str]:
        return [value.digest() for value in ray.get(self.kept)]

    def drop(self) -> None:
        self.kept.clear()

    def anonymous(self) -> int:
        """Bytes of memory that this process shares with nobody."""
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["RssAnon"].split()[0]) * 1024


def holder(ip: str, **options: Any) -> Any:
    """One on the node with this address."""
    return Holder.options(resources={f"node:{ip}": 0.001}, **options).remote()
