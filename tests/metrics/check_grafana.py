"""Reads a dashboard with the models of Grafana's own SDK and says what they do not know.

What the SDK has no word for, it leaves out: a field, option or panel that is lost on the way
through it is none of Grafana's. Exit code 1 and a line for each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(given: Any, taken: Any, at: str) -> Iterator[str]:
    """Name what is not in ``taken`` as it is in ``given``; what is there besides are defaults."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for name, value in given.items():
            if name in taken:
                yield from lost(value, taken[name], f"{at}/{name}")
            elif value not in (None, [], {}):
                yield f"{at}/{name}: Grafana knows no such field"
    elif isinstance(given, list) and isinstance(taken, list) and len(given) == len(taken):
        for place, (one, other) in enumerate(zip(given, taken)):
            yield from lost(one, other, f"{at}/{place}")
    elif given != taken:
        yield f"{at}: {given!r} was taken for {taken!r}"


register_default_plugins()
given = json.load(sys.stdin)
taken = json.loads(JSONEncoder().encode(Dashboard.from_json(given)))
faults = list(lost(given, taken, ""))
print("\n".join(faults))
sys.exit(1 if faults else 0)
