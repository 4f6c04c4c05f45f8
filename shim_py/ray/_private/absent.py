"""Words for what this package does not have: at the import, at the attribute or at the call."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any, NoReturn

_CORE_ONLY = "beam stands in for Ray's core only; install Ray for it."
_GRAPHS = (
    "Compiled graphs are not there in beam. vLLM 0.21 and newer run without them; for 0.20 set "
    "VLLM_USE_RAY_V2_EXECUTOR_BACKEND=1."
)
_CLIENT = (
    "Ray Client is not there in beam: run the driver on a machine of the cluster, after "
    "`beam up --join` there."
)
_DEBUGGER = "Ray's debugger is not there in beam: attach one to the worker's pid, or log."

# Module, and with it all that lies below: what to do instead.
ABSENT_MODULES = {
    "ray.ClientBuilder": _CLIENT,
    "ray.air": _CORE_ONLY,
    "ray.autoscaler": "Nodes join with `beam up --join`; nothing starts or stops machines.",
    "ray.client_builder": _CLIENT,
    "ray.dag.CompiledDAG": _GRAPHS,
    "ray.dag.collective_node": _GRAPHS,
    "ray.dag.compiled_dag_node": _GRAPHS,
    "ray.data": _CORE_ONLY,
    "ray.experimental.channel": _GRAPHS,
    "ray.experimental.compiled_dag_ref": _GRAPHS,
    "ray.llm": _CORE_ONLY,
    "ray.rllib": _CORE_ONLY,
    "ray.serve.llm": _CORE_ONLY,
    "ray.train": _CORE_ONLY,
    "ray.tune": _CORE_ONLY,
    "ray.util.client": _CLIENT,
    "ray.util.client_connect": _CLIENT,
    "ray.util.connect": _CLIENT,
    "ray.util.dask": _CORE_ONLY,
    "ray.util.debugpy": _DEBUGGER,
    "ray.util.disconnect": _CLIENT,
    "ray.util.iter": "Use ray.util.ActorPool, or a generator over ray.wait.",
    "ray.util.lightgbm": _CORE_ONLY,
    "ray.util.pdb": _DEBUGGER,
    "ray.util.ray_debugpy": _DEBUGGER,
    "ray.util.rpdb": _DEBUGGER,
    "ray.util.spark": _CORE_ONLY,
    "ray.util.tracing": "Nothing records traces; ask the state API.",
    "ray.util.xgboost": _CORE_ONLY,
    "ray.workflow": _CORE_ONLY,
}

# Packages with a stub: what to do instead of everything below them that the stub lacks.
ABSENT_BELOW = {
    "ray.serve": "beam has no Ray Serve. Start servers directly, for example with `vllm serve`.",
}


def refuse(feature: str, mend: str) -> NoReturn:
    """Raise at the call of something that is not there.

    Args:
        feature: its name, as it follows "Cannot use ".
        mend: a sentence that says what to do.

    Raises:
        UnsupportedFeature: always; it is a NotImplementedError too.
    """
    from ray._core.errors import UnsupportedFeature

    raise UnsupportedFeature(feature, mend)


def missing_attribute(module: str, name: str, instead: str = "") -> AttributeError:
    """Return the error for an attribute of a module that is not there."""
    words = ABSENT_MODULES.get(f"{module}.{name}", instead)
    return AttributeError(f"module '{module}' has no attribute '{name}'. {words}".strip())


class AbsentModuleFinder:
    """Last in `sys.meta_path`: turns the import of an absent module into an error with words.

    Questions whether a module is there (`importlib.util.find_spec`) get a plain no, because
    programs choose their way by them.
    """

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Raise for an absent module of ray, return None for everything else.

        Raises:
            ModuleNotFoundError: the module is one of `ABSENT_MODULES`.
        """
        if not fullname.startswith("ray.") or _only_asked(sys._getframe(1)):
            return None
        instead = ABSENT_MODULES.get(fullname) or ABSENT_BELOW.get(fullname.rpartition(".")[0])
        if instead is not None:
            raise ModuleNotFoundError(f"No module named '{fullname}'. {instead}", name=fullname)
        return None


def _only_asked(frame: Any) -> bool:
    while frame is not None and "importlib._bootstrap" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return False
    asked: bool = frame.f_globals.get("__name__") in ("importlib.util", "pkgutil")
    return asked


def install() -> None:
    """Put the finder at the end of `sys.meta_path`, once."""
    if AbsentModuleFinder not in sys.meta_path:
        sys.meta_path.append(AbsentModuleFinder)
