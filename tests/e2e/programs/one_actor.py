"""Makes one actor, on the driver's node, and calls it; tells what came of it."""

from __future__ import annotations

import sys

import ray
from say import say, trouble


@ray.remote
class One:
    """Says which Python it is."""

    def version(self) -> list[int]:
        return list(sys.version_info[:2])


info = ray.init().address_info
one = One.options(resources={f"node:{info['node_ip_address']}": 0.01}).remote()
try:
    version = ray.get(one.version.remote())
    say(version=version, own=list(sys.version_info[:2]), node=info["node_id"])
except ray.exceptions.RayError as error:
    say(error=trouble(error))
