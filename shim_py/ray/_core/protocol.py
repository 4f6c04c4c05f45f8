"""The messages that Python sends and takes, as `lib/wire/messages.ts` declares them.

A test compares this with that declaration; nothing at run time depends on it but the version.
"""

from __future__ import annotations

import platform

#: Raised by one whenever a peer with another number would be misunderstood.
PROTOCOL_VERSION = 1

#: Messages sent, with the fields that may be in them.
SENDS: dict[str, tuple[str, ...]] = {
    "hello": ("protocol", "build", "role", "nonce", "secured", "cluster", "ticket"),
    "proof": ("proof",),
    "splice": ("actor_id", "incarnation"),
    "driver.start": (
        "protocol",
        "pid",
        "python",
        "executable",
        "cwd",
        "sys_path",
        "entrypoint",
        "namespace",
        "runtime_env",
        "log_to_driver",
    ),
    "package.has": ("name",),
    "package.put": ("name", "offset", "size"),
    "driver.end": (),
    "worker.hello": ("protocol", "spawn", "pid", "python", "socket"),
    "worker.initialized": ("repr",),
    "worker.failed": ("cause", "message", "traceback"),
    "template.hello": ("protocol", "key", "pid", "python", "executable"),
    "exited": ("pid", "status"),
    "actor.create": (
        "actor_id",
        "class_name",
        "place",
        "run",
        "max_restarts",
        "detached",
        "python",
        "meta",
        "name",
        "namespace",
        "pg_id",
        "bundle_index",
        "capture",
        "strategy",
        "max_concurrency",
        "runtime_env",
        "get_if_exists",
        "is_task",
    ),
    "actor.locate": ("actor_id", "incarnation"),
    "actor.report": ("actor_id", "incarnation"),
    "actor.kill": ("actor_id", "no_restart"),
    "actor.release": ("actor_id",),
    "group.wait": ("pg_id",),
    "task.events": ("count", "dropped"),
    "metrics.report": (),
    "call.hello": ("protocol", "caller", "actor_id", "incarnation", "job_id"),
    "call.welcome": ("incarnation", "done"),
    "call.refused": ("message",),
    "call": (
        "seq",
        "method",
        "ack",
        "returns",
        "buffers",
        "group",
        "task",
        "retry",
        "pause",
        "taken",
    ),
    "call.ack": ("ack",),
    "stream.took": ("seq", "arrived", "taken"),
    "result": ("seq", "ok", "values", "buffers", "more", "index", "retry", "failed"),
    "cancel": ("seq", "force", "recursive"),
    "reply": ("id", "pid", "exec"),
    "error": ("id", "code", "message", "mend"),
}

#: Messages taken, with the fields that are read.
TAKES: dict[str, tuple[str, ...]] = {
    "reply": ("id",),
    "error": ("id", "code", "message", "mend"),
    "ping": (),
    "welcome": ("protocol", "build", "cluster", "nonce", "secured", "proof"),
    "accepted": (),
    "refused": ("code", "message", "mend"),
    "spliced": (),
    "worker.drain": (),
    "lease.wanted": ("actor_id",),
    "fork": (
        "spawn",
        "socket",
        "env",
        "cwd",
        "out",
        "err",
        "exec",
        "title",
        "keep",
        "prefix",
    ),
    "log": ("job_id", "actor_id", "name", "pid", "ip", "stream", "lines"),
    "warn": ("code", "text"),
    "actor.state": ("actor_id", "state", "incarnation", "report"),
    "call.hello": ("protocol", "caller", "actor_id", "incarnation", "job_id"),
    "call.welcome": ("incarnation", "done"),
    "call.refused": ("message",),
    "call": (
        "seq",
        "method",
        "ack",
        "returns",
        "buffers",
        "group",
        "task",
        "retry",
        "pause",
        "taken",
    ),
    "call.ack": ("ack",),
    "stream.took": ("seq", "arrived", "taken"),
    "result": ("seq", "ok", "values", "buffers", "more", "index", "retry", "failed"),
    "cancel": ("seq", "force", "recursive"),
}


def python_version() -> str:
    """Of this interpreter: major, minor and patch."""
    return platform.python_version()
