"""Thousands of objects of mixed sizes: made here and there, passed, kept for a while, dropped."""

from __future__ import annotations

import gc
import os
import random
import sys

import ray
from blocks import Block, block, holder
from say import say

BATCH = 250
ray.init()
actors = [holder(ip) for ip in ("127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2")]
pids = ray.get([actor.pid.remote() for actor in actors])
dice = random.Random(7)


def size() -> int:
    """Mostly small, some that just travel inline, some that are files."""
    kind = dice.random()
    if kind < 0.9:
        return dice.randrange(1, 20_000)
    return dice.randrange(100_000, 1_000_000) if kind < 0.97 else dice.randrange(2**20, 2**22)


def batch(count: int) -> None:
    refs: list[ray.ObjectRef[Block]] = []
    for at in range(count):
        refs.append(
            ray.put(block(size(), at)) if at % 2 else dice.choice(actors).make.remote(size(), at)
        )
    inside = ray.put([dice.sample(refs, 20)])
    ray.get([actor.keep.remote(dice.sample(refs, 20)) for actor in actors])
    here = [value.digest() for value in ray.get(refs[:40])]
    there = ray.get([dice.choice(actors).digest.remote(ref) for ref in refs[:40]])
    assert here == there
    assert len(ray.get(ray.get(inside)[0])) == 20
    assert all(len(kept) == 20 for kept in ray.get([actor.read_kept.remote() for actor in actors]))
    ray.get([actor.drop.remote() for actor in actors])


def run(total: int) -> None:
    for _ in range(total // BATCH):
        batch(BATCH)
    gc.collect()
    say(pids=[os.getpid(), *pids])
    sys.stdin.readline()


run(2000)  # until everything has the size that it needs
run(int(sys.argv[1]))
