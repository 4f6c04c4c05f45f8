"""What ran, as events for Chrome's tracing page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: Colours of the page for kinds of events, as Ray chooses them.
_COLOURS = {"task:execute": "rail_animation"}


def timeline_events(tasks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return complete events of tasks that have ended, given as records of `query.tasks`.

    A node is a process of the page, a worker a thread of it; times are in microseconds.
    """
    return [
        _event(task, task["profiling_data"], each)
        for task in tasks
        for each in task["profiling_data"].get("events", ())
    ]


def _event(
    task: Mapping[str, Any], data: Mapping[str, Any], event: Mapping[str, Any]
) -> dict[str, Any]:
    kind = event["event_name"]
    return {
        "cat": kind,
        "name": event["extra_data"].get("name") or kind,
        "pid": data["node_ip_address"],
        "tid": f"{data['component_type']}:{data['component_id']}",
        "ts": event["start_time"] * 1000.0,
        "dur": (event["end_time"] - event["start_time"]) * 1000.0,
        "ph": "X",
        "cname": _COLOURS.get(kind, "generic_work"),
        "args": {"task_id": task["task_id"], "job_id": task["job_id"], "name": task["name"]},
    }
