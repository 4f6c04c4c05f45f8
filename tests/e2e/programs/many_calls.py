"""argv[1] numbered calls to an actor on the node argv[2]: each comes and is answered once."""

from __future__ import annotations

import os
import sys

import ray
from say import say

BATCH = 200
FILL = b"x" * 100


@ray.remote
class Counter:
    """Takes the calls in the order of their numbers and in no other."""

    def __init__(self) -> None:
        self.expected = 0

    def pid(self) -> int:
        return os.getpid()

    def count(self, number: int, _fill: bytes) -> int:
        if number != self.expected:
            raise AssertionError(f"call {number} came in place of {self.expected}")
        self.expected += 1
        return number

    def counted(self) -> int:
        return self.expected


total, ip = int(sys.argv[1]), sys.argv[2]
ray.init()
counter = Counter.options(resources={f"node:{ip}": 0.001}).remote()
say(pids=[os.getpid(), ray.get(counter.pid.remote())])
part, told = max(total // 100, BATCH), 0
for first in range(0, total, BATCH):
    numbers = range(first, min(first + BATCH, total))
    # The last of each batch is called and waited for by itself: both ways of calling.
    refs = [counter.count.remote(number, FILL) for number in numbers[:-1]]
    answers = ray.get(refs)
    answers.append(ray.get(counter.count.remote(numbers[-1], FILL)))
    if answers != list(numbers):
        raise AssertionError(f"the answers to {numbers} are {answers}")
    if numbers[-1] + 1 - told >= part:
        told = numbers[-1] + 1
        say(done=told)
say(counted=ray.get(counter.counted.remote()))
sys.stdin.readline()
