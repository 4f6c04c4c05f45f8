"""The pickler of calls: the copy of `cloudpickle` that beam carries, else the installed one.

As in Ray it has a registry of its own: what is registered here (`register_pickle_by_value`)
counts for every call, what is registered with an installed `cloudpickle` does not.
"""

from __future__ import annotations

from typing import Any

from ray._core.packages import cloudpickle as _real

CloudPickler: Any = _real.CloudPickler
Pickler: Any = _real.Pickler
__version__: str = _real.__version__
cloudpickle: Any = _real.cloudpickle
dump: Any = _real.dump
dumps: Any = _real.dumps
load: Any = _real.load
loads: Any = _real.loads
register_pickle_by_value: Any = _real.register_pickle_by_value
unregister_pickle_by_value: Any = _real.unregister_pickle_by_value

__all__ = [
    "CloudPickler",
    "Pickler",
    "__version__",
    "cloudpickle",
    "dump",
    "dumps",
    "load",
    "loads",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]
