"""The fields of a runtime environment: their form, and what each is turned into.

Each function returns the field as it is kept, or None where it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ray._private.runtime_env.protocol import check_uri, is_path, parse_path


def _strings(value: Any, what: str) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"{what} must be of type list[str] got {type(value)}")
    for index, each in enumerate(value):
        if not isinstance(each, str):
            raise TypeError(
                f"{what} must be of type list[str] got {type(each)} for {index}-th item."
            )
    return value


def _requirements(file: str) -> list[str]:
    path = Path(file)
    if not path.is_file():
        raise ValueError(f"{path} is not a valid file")
    return path.read_text(encoding="utf-8").strip().split("\n")


def _unique(packages: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(packages))


def parse_and_validate_py_modules(py_modules: Any) -> list[str]:
    """Check a list of paths and URIs.

    Raises:
        TypeError: it is no list of text.
        ValueError: a path is not there, or a URI is none.
    """
    if not isinstance(py_modules, list):
        raise TypeError(f"`py_modules` must be a list of strings, got {type(py_modules)}.")
    for module in py_modules:
        if not isinstance(module, str):
            raise TypeError(f"`py_module` must be a string, got {type(module)}.")
        _check_place(module, "py_modules")
    return py_modules


def parse_and_validate_working_dir(working_dir: Any) -> str:
    """Check a path or URI.

    Raises:
        TypeError: it is no text.
        ValueError: the path is not there, or the URI is none.
    """
    if not isinstance(working_dir, str):
        raise TypeError(f"`working_dir` must be a string, got {type(working_dir)}.")
    _check_place(working_dir, "working_dir")
    return working_dir


def _check_place(place: str, field: str) -> None:
    if is_path(place):
        parse_path(place)
    else:
        check_uri(place, field)


def parse_and_validate_conda(conda: Any) -> Any:
    """Check the name of an environment, a path, or a description.

    Raises:
        TypeError: it is neither text nor a dict.
        ValueError: the file or folder is not there.
    """
    if not isinstance(conda, (str, dict)):
        raise TypeError(f"runtime_env['conda'] must be of type str or dict, got {type(conda)}.")
    if isinstance(conda, str):
        path = Path(conda)
        if path.suffix in (".yaml", ".yml") and not path.is_file():
            raise ValueError(f"Can't find conda YAML file {path}.")
        if path.is_absolute() and path.suffix not in (".yaml", ".yml") and not path.is_dir():
            raise ValueError(f"Can't find conda env directory {path}.")
    return conda


_INSTALLER_FIELDS: dict[str, dict[str, type]] = {
    "pip": {"pip_check": bool, "pip_version": str, "pip_install_options": list},
    "uv": {"uv_check": bool, "uv_version": str, "uv_pip_install_options": list},
}


def _installer(name: str, value: Any) -> dict[str, Any] | None:
    what = f"runtime_env['{name}']"
    if isinstance(value, str):
        made: dict[str, Any] = {"packages": _requirements(value), f"{name}_check": False}
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        made = {"packages": value, f"{name}_check": False}
    elif isinstance(value, dict):
        made = _installer_fields(name, value)
    else:
        raise TypeError(f"{what} must be of type str or List[str], got {type(value)}")
    made["packages"] = _unique(made["packages"])
    return made if made["packages"] else None


def _installer_fields(name: str, value: dict[str, Any]) -> dict[str, Any]:
    what, known = f"runtime_env['{name}']", _INSTALLER_FIELDS[name]
    if set(value) - {"packages", *known}:
        raise ValueError(
            f"{what} can only have these fields: packages, {', '.join(known)}, but got: "
            f"{list(value)}"
        )
    for field, kind in known.items():
        if field not in value:
            continue
        if kind is list:
            _strings(value[field], f"{what}['{field}']")
        elif not isinstance(value[field], kind):
            raise TypeError(
                f"{what}['{field}'] must be of type {kind.__name__}, got {type(value[field])}"
            )
    if "packages" not in value:
        raise ValueError(f"{what} must include field 'packages', but got {value}")
    made = {**value, f"{name}_check": value.get(f"{name}_check", False)}
    packages = value["packages"]
    if name == "pip" and isinstance(packages, str):
        made["packages"] = _requirements(packages)
    elif not isinstance(packages, list):
        raise ValueError(f"{what}['packages'] must be of type list, got: {type(packages)}")
    elif name == "uv":
        _strings(packages, f"{what}['packages']")
    if name == "uv":
        made["uv_pip_install_options"] = value.get("uv_pip_install_options", ["--no-cache"])
    return made


def parse_and_validate_pip(pip: Any) -> dict[str, Any] | None:
    """Turn a list, the path of a requirements file, or a dict into a dict.

    Raises:
        TypeError: it, or a field of it, has another type.
        ValueError: a field is unknown, or the file is not there.
    """
    return _installer("pip", pip)


def parse_and_validate_uv(uv: Any) -> dict[str, Any] | None:
    """The same for uv.

    Raises:
        TypeError: it, or a field of it, has another type.
        ValueError: a field is unknown, or the file is not there.
    """
    return _installer("uv", uv)


def parse_and_validate_excludes(excludes: Any) -> list[str] | None:
    """Check a list of patterns.

    Raises:
        TypeError: it is no list of text.
    """
    if isinstance(excludes, list) and all(isinstance(each, str) for each in excludes):
        return excludes or None
    raise TypeError(f"runtime_env['excludes'] must be of type List[str], got {type(excludes)}")


def parse_and_validate_env_vars(env_vars: Any) -> dict[str, str] | None:
    """Check names and values of variables.

    Raises:
        TypeError: one is no text.
        ValueError: no environment can hold a name or value.
    """
    wanted = "runtime_env['env_vars'] must be of type Dict[str, str]"
    if not isinstance(env_vars, Mapping):
        raise TypeError(f"{wanted}, got {type(env_vars)}")
    for name, text in env_vars.items():
        if not isinstance(name, str):
            raise TypeError(f"{wanted}, but the key {name} is of type {type(name)}")
        if not isinstance(text, str):
            raise TypeError(f"{wanted}, but the value {text} is of type {type(text)}")
        if "=" in name or "\0" in name or "\0" in text or not name:
            raise ValueError(f"runtime_env['env_vars'] has {name!r}, which no environment can hold")
    return dict(env_vars) or None


def parse_and_validate_container(container: Any) -> Any:
    """Return it as it is."""
    return container


def check_setup_hook(hook: Any) -> Any:
    """Check a function, its pickle, or its name.

    Raises:
        TypeError: it is something else.
    """
    if not (isinstance(hook, (str, bytes)) or callable(hook)):
        raise TypeError(
            "runtime_env['worker_process_setup_hook'] must be a function or the name of one "
            f"('module.function'), got {hook!r}"
        )
    return hook


def check_py_executable(py_executable: Any) -> Any:
    """Check a command.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(py_executable, str):
        raise TypeError(
            f"runtime_env['py_executable'] must be of type str, got {type(py_executable)}"
        )
    return py_executable


def check_nsight(nsight: Any) -> Any:
    """Check the options of the profiler.

    Raises:
        TypeError: they are neither a dict nor text; which text there is, the setup knows.
    """
    if isinstance(nsight, (Mapping, str)):
        return nsight
    raise TypeError(
        f"Unsupported nsight config: {nsight!r}. The supported config is 'default' or a dict of "
        "nsight options."
    )


OPTION_TO_VALIDATION_FN: dict[str, Callable[[Any], Any]] = {
    "py_modules": parse_and_validate_py_modules,
    "working_dir": parse_and_validate_working_dir,
    "excludes": parse_and_validate_excludes,
    "conda": parse_and_validate_conda,
    "pip": parse_and_validate_pip,
    "uv": parse_and_validate_uv,
    "env_vars": parse_and_validate_env_vars,
    "container": parse_and_validate_container,
    "worker_process_setup_hook": check_setup_hook,
    "py_executable": check_py_executable,
    "_nsight": check_nsight,
}
