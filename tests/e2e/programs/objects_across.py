"""A value made on one node is read on both; results of both are read here; then all are dropped."""

from __future__ import annotations

import sys

import ray
from blocks import MIB, block, holder
from say import say

ray.init()
here, there = "127.0.0.1", "127.0.0.2"
readers = [holder(ip) for ip in (here, here, there, there, there)]
value = block(5 * MIB + 17)
ref = ray.put(value)
digests = ray.get([reader.digest.remote(ref) for reader in readers])
say(same=set(digests) == {value.digest()})
sys.stdin.readline()

del ref
say(dropped=True)
sys.stdin.readline()

results = [reader.make.remote(3 * MIB, seed) for seed, reader in enumerate(readers)]
mine = [one.digest() for one in ray.get(results)]
crossed = ray.get([readers[-1 - at].digest.remote(ref) for at, ref in enumerate(results)])
say(same=mine == crossed and len(set(mine)) == len(readers))
sys.stdin.readline()

# Held by another process of another node when this one lets go.
ray.get(readers[4].keep.remote(results[:1]))
del results
say(dropped=True)
sys.stdin.readline()

say(same=ray.get(readers[4].read_kept.remote()) == mine[:1])
ray.get(readers[4].drop.remote())
say(dropped=True)
sys.stdin.readline()
