"""What those who wait for values are told when an owner or a node dies."""

from __future__ import annotations

import os
import signal
import sys

import ray
from blocks import MIB, holder
from say import say, trouble

ray.init()


def failure(ref: object) -> object:
    try:
        ray.get(ref)
    except ray.exceptions.RayError as error:
        return trouble(error)
    return None


# An owner that is killed: what it owned goes, and who has it not yet is told.
owner, reader = holder("127.0.0.2"), holder("127.0.0.1")
[ref] = ray.get(owner.put.remote(2 * MIB))
pid = ray.get(owner.pid.remote())
say(digest=ray.get(reader.digest.remote(ref)))
sys.stdin.readline()
if sys.argv[1] == "owner":
    [late] = ray.get(owner.put.remote(2 * MIB, 1))
    os.kill(pid, signal.SIGKILL)
    say(error=failure(late))
    sys.stdin.readline()
else:
    # A node that dies: what lay there and nowhere else is lost, though its owner lives.
    result = owner.make.remote(2 * MIB, 2)
    ray.get(owner.pid.remote())  # calls are answered in order: the value is made, and not asked for
    say(made=True)
    sys.stdin.readline()
    say(error=failure(result))
    sys.stdin.readline()
