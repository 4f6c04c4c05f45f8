"""The token that a driver was given by its environment.

It is taken out of there when the driver connects: programs copy whole environments to other
machines, and every child inherits one. What needs the token later finds it here.
"""

from __future__ import annotations

import os

#: Variables that hold a token itself; others name a file that has it.
VARIABLES = ("BEAM_TOKEN", "RAY_AUTH_TOKEN")

_kept: dict[str, str] = {}


def take_out() -> None:
    """Removes them from this process's environment, and keeps them."""
    for name in VARIABLES:
        value = os.environ.pop(name, None)
        if value:
            _kept[name] = value


def get(name: str) -> str | None:
    """The value of such a variable: what the program set since, else what was taken out."""
    return os.environ.get(name) or _kept.get(name)
