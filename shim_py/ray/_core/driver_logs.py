"""What the daemon tells a driver for people: its workers' output, and warnings."""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

logger = logging.getLogger("ray")

_COLOUR = {"out": "\x1b[36m", "err": "\x1b[33m"}
_PLAIN = "\x1b[0m"


def print_log(message: dict[str, Any], own_ip: str) -> None:
    """Prints a worker's new lines as Ray does: ``(Class pid=1, ip=10.0.0.1) line``.

    The address is left out where it is this machine's.
    """
    stream = str(message["stream"])
    target: IO[str] | None = sys.stderr if stream == "err" else sys.stdout
    if target is None:
        return
    place = "" if message["ip"] == own_ip else f", ip={message['ip']}"
    prefix = f"({message['name']} pid={message['pid']}{place})"
    try:
        if target.isatty():
            prefix = f"{_COLOUR.get(stream, '')}{prefix}{_PLAIN}"
        target.write("".join(f"{prefix} {line}\n" for line in message["lines"]))
        target.flush()
    except (OSError, ValueError):  # closed, as at the end of a program
        return


def show_warning(message: dict[str, Any]) -> None:
    """Shows a sentence of the daemon."""
    logger.warning("%s", message["text"])
