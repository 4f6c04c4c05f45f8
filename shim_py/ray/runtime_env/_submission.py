"""From a `runtime_env` as users give it to what travels with a job, actor or task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray._private.absent import refuse
from ray.runtime_env.runtime_env import RuntimeEnv

_INSTEAD = {
    "working_dir": "Start the driver in a folder that is there on every node: workers run in the "
    "driver's where it exists.",
    "py_modules": "Put the modules on PYTHONPATH by env_vars, at a path that is there on every "
    "node.",
    "py_executable": "Set BEAM_WORKER_CMD for the node's daemon.",
    "_nsight": "Run the worker's command under the profiler by BEAM_WORKER_CMD.",
    "_rocprof_sys": "Run the worker's command under the profiler by BEAM_WORKER_CMD.",
}
_INSTALL = "Install what is needed in the environment of every node."
# Say something about other fields or about the set-up, and nothing on their own.
_WITHOUT_EFFECT = {"config", "excludes", "_ray_release", "_ray_commit", "_inject_current_ray"}


def prepare(given: Mapping[str, Any] | None, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """Return what travels: the inherited fields, overridden by the given ones.

    Environment variables are merged one by one. A hook that is a function becomes its pickle.

    Args:
        given: the `runtime_env` of the call.
        inherited: what travelled with the job or actor that submits.

    Raises:
        NotImplementedError: a field is set that is not there yet.
        TypeError: a field has another type, or the hook cannot be pickled.
    """
    own = RuntimeEnv(**(given or {}))
    merged = {**inherited}
    for field, value in own.items():
        if not value or field in _WITHOUT_EFFECT:
            continue
        if field == "env_vars":
            merged[field] = {**inherited.get(field, {}), **value}
        elif field == "worker_process_setup_hook":
            merged[field] = _hook(value)
        else:
            shown = field.lstrip("_")
            refuse(
                f"the field {shown!r} of runtime_env",
                _INSTEAD.get(field, _INSTALL),
            )
    return merged


def _hook(hook: Any) -> str | bytes:
    if isinstance(hook, (str, bytes)):
        return hook
    from ray import cloudpickle

    try:
        pickled: bytes = cloudpickle.dumps(hook)
    except Exception as error:
        raise TypeError(
            f"Cannot send the worker_process_setup_hook {hook!r}: it cannot be pickled ({error}). "
            "Give it as 'module.function' instead."
        ) from error
    return pickled
