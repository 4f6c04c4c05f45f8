"""A value whose owner's node has a closed port is read on the other nodes; then it is dropped."""

from __future__ import annotations

import sys

import ray
from blocks import MIB, block, holder
from say import say

ray.init()
owner, reader = holder(sys.argv[1]), holder("127.0.0.2")
[ref] = ray.get(owner.put.remote(9 * MIB, 5))
wanted = block(9 * MIB, 5).digest()
say(same=[ray.get(reader.digest.remote(ref)), ray.get(ref).digest()] == [wanted] * 2)
sys.stdin.readline()
del ref
say(dropped=True)
sys.stdin.readline()
