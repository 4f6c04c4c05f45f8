"""Values of states as texts for people."""

from __future__ import annotations

import datetime
from typing import Any


class Humanify:
    """Texts for times, durations and amounts of bytes."""

    @staticmethod
    def timestamp(x: float) -> str:
        """Return a time given in milliseconds since the epoch; 0 is none."""
        return str(datetime.datetime.fromtimestamp(x / 1000))

    @staticmethod
    def memory(x: float) -> str:
        """Return an amount of bytes in the unit that suits it."""
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if x >= size:
                return f"{x / size:.3f} {unit}"
        return f"{x:.3f} B"

    @staticmethod
    def duration(x: float) -> str:
        """Return a duration given in milliseconds."""
        return str(datetime.timedelta(milliseconds=x))

    @staticmethod
    def events(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return events of a task with their times as texts."""
        return [
            {**event, "created_ms": Humanify.timestamp(event["created_ms"])}
            if "created_ms" in event
            else event
            for event in events
        ]

    @staticmethod
    def node_resources(resources: dict[str, Any]) -> dict[str, Any]:
        """Return a node's amounts with those of memory as texts."""
        return {
            name: Humanify.memory(value) if "memory" in name else value
            for name, value in resources.items()
        }
