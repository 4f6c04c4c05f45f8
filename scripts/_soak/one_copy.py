"""An array of a quarter of the machine's memory, put once and read by four actors: one copy.

What the five processes have of it is their proportional share of the store's file, so the sum
over all is the array's size once, whatever each of them maps.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zlib
from typing import Any

beam = os.environ["BEAM_BIN"]
sys.path.insert(0, subprocess.check_output([beam, "shim-path"], text=True).strip())
import ray  # noqa: E402

READERS = 4
PATTERN = bytes(range(256)) * 4096


class Block:
    """Bytes that are pickled out of band, as an array's are."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Block, (pickle.PickleBuffer(self.data),)


@ray.remote(num_cpus=0)
class Reader:
    """Reads a block, and keeps it."""

    def read(self, block: Block) -> tuple[int, int]:
        self.block = block
        return zlib.crc32(memoryview(block.data)), os.getpid()

    def held(self) -> int:
        return memoryview(self.block.data).nbytes


def share_of(pid: int) -> int:
    """The proportional share of memory that a process has, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def total_memory() -> int:
    """The machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def main() -> None:
    size = total_memory() // 4 // len(PATTERN) * len(PATTERN)
    ray.init("local", object_store_memory=size + (256 << 20), include_dashboard=False)
    readers = [Reader.remote() for _ in range(READERS)]
    ray.get([reader.__ray_ready__.remote() for reader in readers])
    source = Block(bytearray(PATTERN * (size // len(PATTERN))))
    wanted = zlib.crc32(source.data)
    ref = ray.put(source)
    del source
    seen = ray.get([reader.read.remote(ref) for reader in readers])
    assert [crc for crc, _ in seen] == [wanted] * READERS, "a reader saw other bytes"
    assert ray.get([reader.held.remote() for reader in readers]) == [size] * READERS
    shared = sum(share_of(pid) for _, pid in seen) + share_of(os.getpid())
    store = "object_store_memory"
    used = ray.cluster_resources()[store] - ray.available_resources().get(store, 0)
    assert used >= size, f"{size - used:.0f} bytes of it are not in shared memory"
    copies = shared / size
    assert copies < 1.2, f"the readers hold {copies:.2f} copies"
    ray.shutdown()
    print(f"{size / 2**30:.1f} GiB read by {READERS} actors at {copies:.2f} copies")


main()
