"""A driver on a daemon of another user: actors, values both ways, in memory and in files."""

import json
import os

import ray


@ray.remote
class Holder:
    def who(self):
        return os.getuid()

    def size(self, refs):
        return [len(value) for value in ray.get(refs)]

    def make(self, count):
        return b"x" * count

    def keep(self, count):
        return ray.put(b"y" * count)


BIG = 3 * 1024 * 1024

ray.init(address="auto", logging_level="ERROR")
holder = Holder.remote()
mine = [ray.put(b"a"), ray.put(b"b" * BIG), ray.put(b"c" * 4 * BIG)]
told = {
    "driver": os.getuid(),
    "worker": ray.get(holder.who.remote()),
    "sent": ray.get(holder.size.remote(mine)),
    "made": len(ray.get(holder.make.remote(BIG))),
    "kept": len(ray.get(ray.get(holder.keep.remote(BIG)))),
}
print(json.dumps(told), flush=True)
