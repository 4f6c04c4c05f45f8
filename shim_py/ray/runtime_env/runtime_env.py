"""The class `RuntimeEnv`.

Scope: the fields, their form, and reading them. Which of them beam carries out is told in
`_submission.py`, when a job, actor or task is submitted with them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, Callable, ClassVar


class RuntimeEnvConfig(dict):  # type: ignore[type-arg]
    """Settings of the set-up itself.

    Args:
        setup_timeout_seconds: seconds, -1 for without limit.
        eager_install: whether to set it up before the first worker needs it.
        log_files: patterns of files.
    """

    known_fields: ClassVar[set[str]] = {"setup_timeout_seconds", "eager_install", "log_files"}

    def __init__(
        self,
        setup_timeout_seconds: int = 600,
        eager_install: bool = True,
        log_files: list[str] | None = None,
    ) -> None:
        super().__init__()
        if isinstance(setup_timeout_seconds, bool) or not isinstance(setup_timeout_seconds, int):
            raise TypeError(
                f"setup_timeout_seconds must be of type int, got {type(setup_timeout_seconds)}"
            )
        if setup_timeout_seconds < 1 and setup_timeout_seconds != -1:
            raise ValueError(
                "setup_timeout_seconds must be greater than zero or equal to -1, got "
                f"{setup_timeout_seconds}"
            )
        if not isinstance(eager_install, bool):
            raise TypeError(f"eager_install must be a boolean, got {type(eager_install)}")
        self["setup_timeout_seconds"] = setup_timeout_seconds
        self["eager_install"] = eager_install
        self["log_files"] = list(log_files or [])

    @classmethod
    def parse_and_validate_runtime_env_config(
        cls, config: Mapping[str, Any] | RuntimeEnvConfig
    ) -> RuntimeEnvConfig:
        """Return `config` as an instance of this class.

        Raises:
            TypeError: it is no mapping.
        """
        if isinstance(config, cls):
            return config
        if not isinstance(config, Mapping):
            raise TypeError(f"config must be a dict or RuntimeEnvConfig, got {type(config)}")
        return cls(**{key: value for key, value in config.items() if key in cls.known_fields})

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> RuntimeEnvConfig:
        """Return `config` as an instance of this class."""
        return cls(**config)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a plain dict."""
        return dict(self)


def _check_env_vars(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise TypeError(f"runtime_env['env_vars'] must be of type Dict[str, str], got {value!r}")
    for name, text in value.items():
        if not isinstance(name, str):
            raise TypeError(
                f"runtime_env['env_vars'] must be of type Dict[str, str], but the key {name!r} "
                f"is of type {type(name)}"
            )
        if not isinstance(text, str):
            raise TypeError(
                f"runtime_env['env_vars'] must be of type Dict[str, str], but the value of "
                f"{name!r} is of type {type(text)}"
            )
        if "=" in name or "\0" in name or "\0" in text or not name:
            raise ValueError(f"runtime_env['env_vars'] has {name!r}, which no environment can hold")
    return dict(value)


def _check_hook(value: Any) -> Any:
    if not (isinstance(value, (str, bytes)) or callable(value)):
        raise TypeError(
            "runtime_env['worker_process_setup_hook'] must be a function or the name of one "
            f"('module.function'), got {value!r}"
        )
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "env_vars": _check_env_vars,
    "worker_process_setup_hook": _check_hook,
    "config": RuntimeEnvConfig.parse_and_validate_runtime_env_config,
}


class RuntimeEnv(dict):  # type: ignore[type-arg]
    """A runtime environment; a plain dict with the same keys may stand for it everywhere.

    Args:
        env_vars: environment variables of the workers.
        worker_process_setup_hook: a function, or "module.function", that each worker runs first.
        config: settings of the set-up itself.
        py_modules, py_executable, working_dir, pip, conda, uv, container, image_uri, nsight,
            rocprof_sys: held here; refused at submission.

    Raises:
        TypeError: a field has another type.
        ValueError: both `pip` and `conda` are given.
    """

    known_fields: ClassVar[set[str]] = {
        "py_modules",
        "py_executable",
        "java_jars",
        "working_dir",
        "conda",
        "pip",
        "uv",
        "container",
        "excludes",
        "env_vars",
        "_ray_release",
        "_ray_commit",
        "_inject_current_ray",
        "config",
        "worker_process_setup_hook",
        "_nsight",
        "_rocprof_sys",
        "image_uri",
    }
    extensions_fields: ClassVar[set[str]] = {"_ray_release", "_ray_commit", "_inject_current_ray"}

    def __init__(
        self,
        *,
        py_modules: list[str] | None = None,
        py_executable: str | None = None,
        working_dir: str | None = None,
        pip: list[str] | None = None,
        conda: dict[str, str] | str | None = None,
        container: dict[str, str] | None = None,
        env_vars: dict[str, str] | None = None,
        worker_process_setup_hook: Callable[[], Any] | str | None = None,
        nsight: str | dict[str, str] | None = None,
        rocprof_sys: str | dict[str, dict[str, str]] | None = None,
        config: dict[str, Any] | RuntimeEnvConfig | None = None,
        _validate: bool = True,
        image_uri: str | None = None,
        uv: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        given = {
            "py_modules": py_modules,
            "py_executable": py_executable,
            "working_dir": working_dir,
            "pip": pip,
            "uv": uv,
            "conda": conda,
            "_nsight": nsight,
            "_rocprof_sys": rocprof_sys,
            "container": container,
            "env_vars": env_vars,
            "config": config,
            "worker_process_setup_hook": worker_process_setup_hook,
            "image_uri": image_uri,
            **kwargs,
        }
        for name, value in given.items():
            if value is None:
                continue
            if _validate:
                self[name] = value
            else:
                super().__setitem__(name, value)
        if _validate and self.get("conda") and self.get("pip"):
            raise ValueError(
                "The 'pip' field and 'conda' field of runtime_env cannot both be specified. "
                f"specified pip: {self['pip']}, specified conda: {self['conda']}"
            )

    def __setitem__(self, key: str, value: Any) -> None:
        check = _CHECKS.get(key)
        super().__setitem__(key, value if check is None or value is None else check(value))

    def set(self, name: str, value: Any) -> None:
        """Set a field."""
        self[name] = value

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or `default` where it is not set."""
        return super().get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """Return a deep copy as a plain dict."""
        plain = {}
        for key, value in self.items():
            copied = dict(value) if isinstance(value, RuntimeEnvConfig) else value
            plain[key] = copied if callable(copied) else copy.deepcopy(copied)
        return plain

    def serialize(self) -> str:
        """Return it as JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, default=repr)

    @classmethod
    def deserialize(cls, serialized_runtime_env: str) -> RuntimeEnv:
        """Return what `serialize` made a string of."""
        return cls(_validate=False, **json.loads(serialized_runtime_env))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (dict(self),))

    def copy(self) -> RuntimeEnv:
        """Return a copy that shares the values."""
        return _restore(dict(self))

    def env_vars(self) -> dict[str, str]:
        """Return the environment variables, {} for none."""
        return dict(self.get("env_vars") or {})

    def working_dir(self) -> str:
        """Return the working directory, "" for none."""
        return str(self.get("working_dir") or "")

    def working_dir_uri(self) -> str | None:
        """Return the working directory, None for none."""
        return self.working_dir() or None

    def py_modules(self) -> list[str]:
        """Return the modules, [] for none."""
        return list(self.get("py_modules") or [])

    def py_modules_uris(self) -> list[str]:
        """Return the modules, [] for none."""
        return self.py_modules()

    def py_executable(self) -> str | None:
        """Return the interpreter, None for the usual one."""
        found: str | None = self.get("py_executable")
        return found

    def has_working_dir(self) -> bool:
        """Whether a working directory is set."""
        return bool(self.get("working_dir"))

    def has_conda(self) -> bool:
        """Whether conda is set."""
        return bool(self.get("conda"))

    def has_pip(self) -> bool:
        """Whether pip is set."""
        return bool(self.get("pip"))

    def has_uv(self) -> bool:
        """Whether uv is set."""
        return bool(self.get("uv"))

    def has_py_container(self) -> bool:
        """Whether a container is set."""
        return bool(self.get("container"))

    def image_uri(self) -> str | None:
        """Return the image, None for none."""
        found: str | None = self.get("image_uri")
        return found

    def nsight(self) -> Any:
        """Return the settings of the profiler nsight, None for none."""
        return self.get("_nsight")

    def rocprof_sys(self) -> Any:
        """Return the settings of the profiler rocprof-sys, None for none."""
        return self.get("_rocprof_sys")

    def plugins(self) -> list[tuple[str, Any]]:
        """Return the fields that are not Ray's own."""
        return [(key, value) for key, value in self.items() if key not in self.known_fields]


def _restore(fields: Mapping[str, Any]) -> RuntimeEnv:
    return RuntimeEnv(_validate=False, **fields)


__all__ = ["RuntimeEnv", "RuntimeEnvConfig"]
