"""Calls an actor on each node of argv, until there is a line; then makes new ones."""

from __future__ import annotations

import sys

import ray
from callers import Caller, Counter, go_on
from say import say

ray.init(namespace="calling")
callers = [Caller(node) for node in sys.argv[1:]]
for caller in callers:
    caller.start()
say(calling=True)
for _ in sys.stdin:
    go_on(callers)
    say(new=ray.get(Counter.remote().add.remote(), timeout=60))
for caller in callers:
    caller.end()
say(calls=[caller.calls for caller in callers])
