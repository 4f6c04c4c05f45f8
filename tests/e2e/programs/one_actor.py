"""Makes one actor and calls it; tells what came of it."""

from __future__ import annotations

import sys

import ray
from say import say, trouble


@ray.remote
class One:
    """Says which Python it is."""

    def version(self) -> list[int]:
        return list(sys.version_info[:2])


ray.init()
one = One.remote()
try:
    say(version=ray.get(one.version.remote()), own=list(sys.version_info[:2]))
except ray.exceptions.RayError as error:
    say(error=trouble(error))
