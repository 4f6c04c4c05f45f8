"""From a `runtime_env` as users give it to what travels with a job, actor or task."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ray._private.absent import refuse
from ray._private.runtime_env.constants import RAY_JOB_CONFIG_JSON_ENV_VAR
from ray._private.runtime_env.ignoring import heeds_gitignore
from ray._private.runtime_env.protocol import FETCHED, Protocol, check_uri, is_path, parse_uri
from ray.runtime_env.runtime_env import RuntimeEnv

if TYPE_CHECKING:
    from ray._core.session import Session

_INSTALL = "Install what is needed by pip or uv, or in the environment of every node."
_INSIDE = "Run the node's daemon inside the container."
_INSTEAD = {
    "conda": _INSTALL,
    "container": _INSIDE,
    "image_uri": _INSIDE,
    "java_jars": "There are no Java workers.",
    "_rocprof_sys": "Give the profiler's command as py_executable.",
}
#: Of the given environment only; never of what is inherited.
_NOT_INHERITED = {"excludes"}
#: One environment has one of these: the given one takes the place of the inherited one.
_INSTALLERS = ("pip", "uv")


def check(given: Mapping[str, Any] | None) -> RuntimeEnv:
    """Return the environment of an actor or task, checked.

    Raises:
        TypeError: a field has another type.
        ValueError: a field is wrong, or names a folder of this machine, which only a job's may.
        NotImplementedError: a field is set that is not there yet.
    """
    own = given if isinstance(given, RuntimeEnv) else RuntimeEnv(**(given or {}))
    places = [own["working_dir"]] if own.get("working_dir") else []
    for field, uris in (("working_dir", places), ("py_modules", own.get("py_modules") or [])):
        for uri in uris:
            check_uri(uri, field)
    _refuse_absent(own)
    return own


def prepare(given: Mapping[str, Any] | None, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """Return what travels with an actor or task: what is inherited, overridden by what is given.

    Environment variables are merged one by one. A hook that is a function becomes its pickle.

    Args:
        given: the `runtime_env` of the call.
        inherited: what travelled with the job or actor that submits.

    Raises:
        NotImplementedError: a field is set that is not there yet.
        TypeError: a field has another type, or the hook cannot be pickled.
        ValueError: a field is wrong.
    """
    if not given:
        return {**inherited}
    return _merge(inherited, check(given))


def _merge(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**inherited}
    for field, value in own.items():
        if not value or field in _NOT_INHERITED:
            continue
        if field == "env_vars":
            merged[field] = {**inherited.get(field, {}), **value}
        elif field == "worker_process_setup_hook":
            merged[field] = _hook(value)
        else:
            if field in _INSTALLERS:
                for other in _INSTALLERS:
                    merged.pop(other, None)
            merged[field] = value
    return merged


def job_environment(given: Mapping[str, Any] | None, skip_hook: bool = False) -> dict[str, Any]:
    """Return the environment that a driver asks for: what it gives `ray.init`, joined with what the
    job was submitted with, as RAY_RUNTIME_ENV_HOOK rewrites it.

    Raises:
        ValueError: both say something about the same field, and RAY_OVERRIDE_JOB_RUNTIME_ENV is not
            "1".
    """
    own = dict(given or {})
    submitted = json.loads(os.environ.get(RAY_JOB_CONFIG_JSON_ENV_VAR) or "{}")
    of_job = submitted.get("runtime_env") or {}
    if os.environ.get("RAY_OVERRIDE_JOB_RUNTIME_ENV") != "1":
        theirs, ours = of_job.get("env_vars") or {}, own.get("env_vars") or {}
        same = (set(of_job) & set(own) - {"env_vars"}) | (set(theirs) & set(ours))
        if same:
            raise ValueError(
                f"Failed to merge the Job's runtime env {of_job} with a ray.init's runtime env "
                f"{own} because of a conflict in {sorted(same)}. Leave them out of one, or set "
                "RAY_OVERRIDE_JOB_RUNTIME_ENV=1 for ray.init's to win."
            )
    merged = {**of_job, **own}
    env_vars = {**(of_job.get("env_vars") or {}), **(own.get("env_vars") or {})}
    if env_vars:
        merged["env_vars"] = env_vars
    hook = os.environ.get("RAY_RUNTIME_ENV_HOOK")
    if hook and not skip_hook:
        module, _, name = hook.rpartition(".")
        merged = getattr(importlib.import_module(module), name)(merged) or {}
    return merged


def submitted_metadata() -> dict[str, str]:
    """Return what is kept with the job that this process was submitted as, if it was."""
    submitted = json.loads(os.environ.get(RAY_JOB_CONFIG_JSON_ENV_VAR) or "{}")
    return dict(submitted.get("metadata") or {})


def check_job(given: Mapping[str, Any]) -> None:
    """Check what of a job's environment needs no cluster, before there is one.

    Raises:
        NotImplementedError: a field is set that is not there yet.
        TypeError: a field has another type.
        ValueError: a field is wrong.
    """
    local = ("working_dir", "py_modules")
    _refuse_absent(RuntimeEnv(**{key: given[key] for key in given if key not in local}))
    working_dir = given.get("working_dir")
    modules = given.get("py_modules")
    for place in [working_dir, *(modules if isinstance(modules, list) else [])]:
        if isinstance(place, str):
            _refuse_unfetched(place)


def bring(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what a job's environment has on this machine to the cluster; what travels with the job.

    Raises:
        RuntimeEnvSetupError: it cannot be brought there.
        TypeError: a field has another type, or the hook cannot be pickled.
        ValueError: a path is not there.
    """
    from ray._private.runtime_env.py_modules import upload_py_modules_if_needed
    from ray._private.runtime_env.working_dir import upload_working_dir_if_needed

    env = dict(given)
    if env.get("working_dir") is not None or env.get("py_modules") is not None:
        gitignore = heeds_gitignore()
        upload_py_modules_if_needed(env, gitignore, store=session)
        upload_working_dir_if_needed(env, gitignore, store=session)
    return _merge({}, RuntimeEnv(**env))


def _refuse_absent(own: RuntimeEnv) -> None:
    for field, instead in _INSTEAD.items():
        if own.get(field):
            refuse(f"the field {field.lstrip('_')!r} of runtime_env", instead)
    for place in [own.get("working_dir"), *(own.get("py_modules") or [])]:
        if place:
            _refuse_unfetched(place)


def _refuse_unfetched(place: str) -> None:
    """Nodes fetch what needs no account."""
    if is_path(place):
        return
    try:
        protocol, _ = parse_uri(place)
    except ValueError:
        return  # told by who checks the field
    if protocol in Protocol.remote_protocols() and protocol.value not in FETCHED:
        refuse(
            f"packages at {protocol.value}:// in runtime_env",
            "Give a folder or archive of this machine to ray.init, or an https:// address.",
        )


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
