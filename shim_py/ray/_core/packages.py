"""The two libraries the package needs: the interpreter's own, else the ones beam carries.

The carried ones are appended to ``sys.path`` last, so that they never hide another's.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

_VENDOR = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_vendor")


def _load(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name or not os.path.isdir(os.path.join(_VENDOR, name)):
            raise ModuleNotFoundError(
                f"Cannot import ray: it needs the package {name}, which {sys.executable} lacks. "
                f"Run `{sys.executable} -m pip install {name}`, or use the shim of a compiled beam.",
                name=name,
            ) from error
        if _VENDOR not in sys.path:
            sys.path.append(_VENDOR)
        return import_module(name)


cloudpickle: Any = _load("cloudpickle")
msgpack: Any = _load("msgpack")
