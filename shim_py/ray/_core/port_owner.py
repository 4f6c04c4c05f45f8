"""Who listens at a port of this machine, by the rule of `lib/runtime/port_owner.ts`."""

from __future__ import annotations

import os

#: As /proc/net/tcp has it.
_LISTENING = "0A"


def stranger_at(port: int) -> int | None:
    """A user other than this one and root who listens at ``port``, at whatever address."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for fields in _rows(table):
            if fields[3] != _LISTENING or int(fields[1].rpartition(":")[2], 16) != port:
                continue
            owner = int(fields[7])
            if owner not in (os.getuid(), 0):
                return owner
    return None


def _rows(table: str) -> list[list[str]]:
    try:
        with open(table, encoding="ascii") as file:
            return [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []
