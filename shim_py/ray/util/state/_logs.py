"""Log files of the cluster's nodes, found and read through the head."""

from __future__ import annotations

import codecs
import fnmatch
import re
from collections.abc import Iterator
from typing import Any

from ray._private.absent import refuse
from ray._private.state import query
from ray.util.state._listing import answered
from ray.util.state.exception import RayStateApiException

#: Bytes asked for at a time.
_PART = 256 * 1024
#: How long a node waits for something new before it answers, in milliseconds.
_WAIT_MS = 5000
#: Digits of an actor's id in the names of its files.
_IN_NAMES = 12
#: Colours and movements of the cursor.
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

LogFile = dict[str, Any]


def _request(kind: str, fields: dict[str, Any], timeout: float) -> Any:
    from ray._core import client

    return answered(lambda: client.session().request(kind, fields, timeout=timeout), timeout)


def find_node(node_id: str | None, node_ip: str | None, timeout: float) -> str | None:
    """Return the id of the node that is meant, None where none is named.

    Raises:
        RayStateApiException: there is no such node.
    """
    if node_id is None and node_ip is None:
        return None
    nodes = answered(lambda: query("query.nodes", timeout=timeout), timeout)
    found = [
        node["node_id"]
        for node in nodes
        if node["node_id"] == node_id or (node_id is None and node["ip"] == node_ip)
    ]
    if not found:
        raise RayStateApiException(f"Cannot find the node {node_id or node_ip}: there is none")
    return str(found[-1])


def find_files(node_id: str | None, match: str, timeout: float) -> list[LogFile]:
    """Return the files whose names contain a text, with their nodes' ids, the oldest first."""
    fields = {"match": match} if node_id is None else {"match": match, "node_id": node_id}
    nodes = answered(lambda: query("query.logs", fields, timeout), timeout)
    return [{**file, "node_id": node["node_id"]} for node in nodes for file in node["files"]]


def grouped(files: list[LogFile], glob: str) -> dict[str, list[str]]:
    """Return the names that a pattern fits, by Ray's words for who writes them."""
    groups: dict[str, list[str]] = {}
    for file in files:
        if fnmatch.fnmatchcase(file["name"], glob):
            groups.setdefault(_group_of(file), []).append(file["name"])
    return groups


def _group_of(file: LogFile) -> str:
    if file["of"] == "worker":
        return f"worker_{file['stream']}"
    return {"daemon": "raylet", "head": "gcs_server", "job": "driver"}.get(file["of"], "internal")


def chosen_file(
    node_id: str | None,
    *,
    filename: str | None,
    actor_id: str | None,
    task_id: str | None,
    pid: int | None,
    submission_id: str | None,
    suffix: str,
    timeout: float,
) -> LogFile:
    """Return the one file that is meant.

    Raises:
        RayStateApiException: there is none, or too little was named.
        UnsupportedFeature: it is to be found by a task.
    """
    if task_id is not None:
        refuse("ray.util.state.get_log(task_id=…)", "Ask by the pid of its worker.")
    if actor_id is not None:
        match = actor_id[:_IN_NAMES]
        files = find_files(node_id, match, timeout)
        found = [file for file in files if file.get("stream") == suffix]
        found.sort(key=lambda file: file["incarnation"])
    elif submission_id is not None:
        match = f"job-driver-{submission_id}.log"
        found = [f for f in find_files(node_id, match, timeout) if f["name"] == match]
    elif node_id is None:
        raise RayStateApiException("Cannot tell whose log is meant: node_id or node_ip is missing")
    elif pid is not None:
        match = f"pid {pid}"
        files = find_files(node_id, "worker-", timeout)
        found = [f for f in files if f.get("pid") == pid and f.get("stream") == suffix]
    else:
        match = filename or ""
        found = [f for f in find_files(node_id, match, timeout) if f["name"] == match]
    if not found:
        raise RayStateApiException(f"Cannot find a log of {match or 'nothing'} there")
    return found[-1]


def parts(file: LogFile, tail: int, follow: bool, timeout: float) -> Iterator[bytes]:
    """Yield the file's bytes from its last lines on (-1: all), and with ``follow`` what comes."""
    offset = 0
    lines: dict[str, int] = {"lines": tail} if tail >= 0 else {}
    while True:
        fields = {
            "node_id": file["node_id"],
            "file": file["name"],
            "offset": offset,
            "most": _PART,
            "wait_ms": _WAIT_MS if follow and not lines else 0,
            **lines,
        }
        reply = _request("query.log", fields, timeout + _WAIT_MS / 1000)
        part = bytes(reply.body)
        offset = reply.fields["offset"] + len(part)
        lines = {}
        if part:
            yield part
        elif not follow or not reply.fields["running"]:
            return


def decoded(
    raw: Iterator[bytes], encoding: str | None, errors: str | None, without_ansi: bool
) -> Iterator[Any]:
    """Yield texts, or the bytes as they are where no encoding is named."""
    if encoding is None:
        yield from raw
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors or "strict")
    for part in raw:
        text = decoder.decode(part)
        if without_ansi:
            text = _ANSI.sub("", text)
        if text:
            yield text
