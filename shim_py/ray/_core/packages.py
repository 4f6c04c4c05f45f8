"""Libraries that the package needs: found here, or carried.

cloudpickle is the copy that beam carries, where it carries one: what one version pickles another
may not read, and driver and workers may have different ones installed. Carried by the package it
is the same on every machine, as Ray does it. MessagePack's format has no such versions: see
`message_pack`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Optional


def installed(name: str) -> Optional[ModuleType]:
    """The package, or None where this interpreter has none that can be imported."""
    try:
        return import_module(name)
    except ImportError:
        return None


def first_of(*names: str) -> ModuleType:
    """The first of these modules that there is.

    Raises:
        ModuleNotFoundError: where there is none, with what to do.
    """
    for name in names:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
    package = names[0].rsplit(".", 1)[-1]
    raise ModuleNotFoundError(
        f"Cannot import ray: it needs the package {package}, which {sys.executable} lacks. "
        f"Run `{sys.executable} -m pip install {package}`, or use the shim of a compiled beam.",
        name=package,
    )


cloudpickle: Any = first_of("ray._vendor.cloudpickle", "cloudpickle")
