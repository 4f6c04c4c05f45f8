"""Logs and events of the cluster, through `ray.util.state`."""

from __future__ import annotations

import sys

import ray
from ray.util import state
from say import say


def main() -> None:
    ray.init()
    ip, actor_id = sys.argv[1:]
    logs = state.list_logs(node_ip=ip)
    say(
        groups=sorted(logs),
        workers=state.list_logs(node_ip=ip, glob_filter="worker-*.out"),
        actor="".join(state.get_log(actor_id=actor_id)),
        last="".join(state.get_log(actor_id=actor_id, tail=1)),
        followed="".join(state.get_log(actor_id=actor_id, follow=True)),
        bytes=b"".join(state.get_log(actor_id=actor_id, encoding=None)).hex(),
        daemon="".join(state.get_log(filename="daemon.log", node_ip=ip)),
        events=[[one.severity, one.message] for one in state.list_cluster_events(limit=1000)],
        missing=caught("worker-none.out", ip),
        outside=caught("../../token", ip),
    )


def caught(filename: str, ip: str) -> str:
    """The error of asking for a file."""
    try:
        return "".join(state.get_log(filename=filename, node_ip=ip))
    except state.RayStateApiException as error:
        return str(error)


main()
