"""A driver run by `-m`: its main module has a package, and imports from it."""

from __future__ import annotations

import json
import os

import ray

from . import parts


@ray.remote(num_cpus=0)
class Mine:
    def made(self) -> parts.Part:
        return parts.made()


ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)
part = ray.get(Mine.remote().made.remote(), timeout=60)
print("TOLD", json.dumps([type(part) is parts.Part, type(part).__module__, part.number]))
