"""What a driver sees of the names of its nodes."""

from __future__ import annotations

import ray
from say import say

ray.init()
say(nodes=sorted((node["NodeName"], node["NodeManagerHostname"]) for node in ray.nodes()))
