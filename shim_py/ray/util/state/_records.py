"""The head's records as rows with Ray's columns, all of them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]


def node_row(node: Mapping[str, Any]) -> Row:
    """Return the row of a record of `query.nodes`."""
    death = node.get("death") or {}
    return {
        "node_id": node["node_id"],
        "node_ip": node["ip"],
        "is_head_node": bool(node["is_head"]),
        "state": "ALIVE" if node["alive"] else "DEAD",
        "state_message": death.get("message"),
        "node_name": (node.get("extra") or {}).get("node_name") or node["ip"],
        "resources_total": {key: float(value) for key, value in node["total"].items()},
        "labels": {"ray.io/node-id": node["node_id"], **node["labels"]},
        "start_time_ms": node["joined_at"],
        "end_time_ms": node.get("ended_at") or 0,
    }


def actor_row(actor: Mapping[str, Any]) -> Row:
    """Return the row of a record of `query.actors`."""
    death = actor.get("death")
    strategy = actor.get("strategy") or {}
    environment = actor.get("runtime_env")
    return {
        "actor_id": actor["actor_id"],
        "class_name": actor["class_name"],
        "state": actor["state"],
        "job_id": actor["job_id"],
        "name": actor["name"],
        "node_id": actor["node_id"] or None,
        "pid": actor["pid"],
        "ray_namespace": actor["namespace"],
        "serialized_runtime_env": None if environment is None else json.dumps(environment),
        "required_resources": {key: float(value) for key, value in actor["resources"].items()},
        "death_cause": death
        and {"actor_died_error_context": {**death, "error_message": death.get("message")}},
        "is_detached": bool(actor["detached"]),
        "placement_group_id": (actor.get("pg") or {}).get("pg_id"),
        "repr_name": actor.get("repr") or "",
        "num_restarts": actor["restarts"],
        "num_restarts_due_to_lineage_reconstruction": 0,
        "num_restarts_due_to_node_preemption": 0,
        "label_selector": strategy.get("hard") or {},
    }


def group_row(group: Mapping[str, Any]) -> Row:
    """Return the row of a record of `query.groups`."""
    return {
        "placement_group_id": group["pg_id"],
        "name": group["name"],
        "creator_job_id": group["job_id"],
        "state": group["state"],
        "bundles": [
            {
                "bundle_id": {"placement_group_id": group["pg_id"], "bundle_index": index},
                "unit_resources": {key: float(value) for key, value in bundle.items()},
                "node_id": node or None,
            }
            for index, (bundle, node) in enumerate(zip(group["bundles"], group["nodes"]))
        ],
        "is_detached": bool(group["detached"]),
        "stats": {
            "scheduling_attempt": group["attempts"],
            "scheduling_state": group["scheduling_state"],
        },
    }


def job_row(job: Mapping[str, Any]) -> Row:
    """Return the row of a record of `query.jobs`."""
    from ray.util.state._states import DriverInfo

    facts = job.get("extra") or {}
    metadata = facts.get("metadata") or {}
    submission = metadata.get("job_submission_id")
    ended = job["state"] == "ended"
    failed = ended and job.get("death") is not None
    return {
        "job_id": job["job_id"],
        "submission_id": submission,
        "entrypoint": job["entrypoint"],
        "type": "SUBMISSION" if submission else "DRIVER",
        "status": "FAILED" if failed else "SUCCEEDED" if ended else "RUNNING",
        "message": job.get("reason"),
        "driver_info": DriverInfo(job["job_id"], job["node_ip"], str(job["pid"])),
        "start_time": job["start"],
        "end_time": job.get("end") or 0,
        "metadata": metadata,
        "runtime_env": facts.get("runtime_env") or {},
        "driver_node_id": job["node_id"],
    }


def environment_rows(workers: list[Row]) -> list[Row]:
    """Return the rows of the environments that workers run in, one per node and environment."""
    rows: dict[tuple[str, str], Row] = {}
    for worker in workers:
        environment = worker["runtime_env"]
        if not environment or worker["worker_type"] == "DRIVER":
            continue
        key = worker["node_id"], json.dumps(environment, sort_keys=True, default=str)
        row = rows.setdefault(
            key,
            {
                "runtime_env": environment,
                "success": True,
                "creation_time_ms": worker["worker_launch_time_ms"],
                "node_id": worker["node_id"],
                "ref_cnt": 0,
            },
        )
        row["ref_cnt"] += bool(worker["is_alive"])
    return list(rows.values())


def event_rows(events: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return what happened to the cluster, in order."""
    return [
        {
            "severity": event["severity"].upper(),
            "time": str(datetime.datetime.fromtimestamp(event["at"] / 1000)),
            "source_type": "GCS",
            "message": event["text"],
            "event_id": str(event["seq"]),
            "custom_fields": {
                "kind": event["kind"],
                **{name: id for name, id in event.items() if name.endswith("_id")},
            },
        }
        for event in events
    ]
