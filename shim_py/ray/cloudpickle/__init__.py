"""The pickler of calls: the real `cloudpickle`, the installed one or the copy beam carries.

Whatever its registry holds (`register_pickle_by_value`) counts for `import cloudpickle` too,
because it is the same module. The copy is loaded under the name `cloudpickle`: pickles name
that module, and must load in an interpreter that has it installed, and the other way round.
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import sys


def _load_carried() -> None:
    folder = pathlib.Path(__file__).parent.parent / "_vendor" / "cloudpickle"
    spec = importlib.util.spec_from_file_location(
        "cloudpickle", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not folder.is_dir():
        raise ImportError(
            "ray needs the package cloudpickle, and this interpreter has none. "
            f"Install it: {sys.executable} -m pip install cloudpickle",
            name="cloudpickle",
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules["cloudpickle"] = module
    spec.loader.exec_module(module)


try:
    importlib.import_module("cloudpickle")
except ModuleNotFoundError as missing:
    if missing.name != "cloudpickle":
        raise
    _load_carried()

from cloudpickle import (  # noqa: E402
    CloudPickler,
    Pickler,
    __version__,
    dump,
    dumps,
    load,
    loads,
    register_pickle_by_value,
    unregister_pickle_by_value,
)
from cloudpickle import cloudpickle as cloudpickle  # noqa: E402

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
