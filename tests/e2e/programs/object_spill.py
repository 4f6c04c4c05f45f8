"""More values than the store has room for: all are kept, and read back as they were."""

from __future__ import annotations

import sys

import ray
from blocks import MIB, Holder, block
from say import say

ray.init(sys.argv[1])
makers = [Holder.remote() for _ in range(2)]
sizes = [3 * MIB + 1000 * at for at in range(10)]
refs = [makers[at % 2].make.remote(size, at) for at, size in enumerate(sizes)]
refs += [ray.put(block(size, 100 + at)) for at, size in enumerate(sizes)]
wanted = [block(size, at).digest() for at, size in enumerate(sizes)]
wanted += [block(size, 100 + at).digest() for at, size in enumerate(sizes)]
say(same=ray.get([makers[0].digest.remote(ref) for ref in refs]) == wanted)
say(same=[value.digest() for value in ray.get(refs)] == wanted)
sys.stdin.readline()
del refs
say(dropped=True)
sys.stdin.readline()
