"""A large value that several actors of the node read, and keep, costs one copy."""

from __future__ import annotations

import sys

import ray
from blocks import Holder, block
from say import say

size = int(sys.argv[1])
ray.init()
readers = [Holder.remote() for _ in range(4)]
before = ray.get([reader.anonymous.remote() for reader in readers])
value = block(size)
digest = value.digest()
ref = ray.put(value)
del value
ray.get([reader.keep.remote([ref]) for reader in readers])
kept = ray.get([reader.read_kept.remote() for reader in readers])
after = ray.get([reader.anonymous.remote() for reader in readers])
say(same=kept == [[digest]] * 4, grown=max(b - a for a, b in zip(before, after)))
sys.stdin.readline()
