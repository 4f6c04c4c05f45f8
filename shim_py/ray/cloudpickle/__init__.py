"""The pickler of calls: the real `cloudpickle`, the installed one or the copy beam carries.

It is the same module as `import cloudpickle`, so that what is registered in one
(`register_pickle_by_value`) counts for both, and for every call.
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
