"""The class `RuntimeEnv`.

Scope: the fields, their form, and reading them. Which of them beam carries out is told in
`_submission.py`, when a job, actor or task is submitted with them.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Callable, ClassVar

from ray._private.runtime_env.validation import OPTION_TO_VALIDATION_FN
from ray._version import __commit__

logger = logging.getLogger("ray")

DEFAULT_RUNTIME_ENV_TIMEOUT_SECONDS = 600


class RuntimeEnvConfig(dict):  # type: ignore[type-arg]
    """Settings of the set-up itself.

    Args:
        setup_timeout_seconds: seconds, -1 for without limit.
        eager_install: whether to set a job's up before its first worker needs it.
        log_files: names of files in the log folder that the set-up's log goes to as well.

    Raises:
        TypeError: one has another type.
        ValueError: the time is neither above zero nor -1.
    """

    known_fields: ClassVar[set[str]] = {"setup_timeout_seconds", "eager_install", "log_files"}
    _default_config: ClassVar[dict[str, Any]] = {
        "setup_timeout_seconds": DEFAULT_RUNTIME_ENV_TIMEOUT_SECONDS,
        "eager_install": True,
        "log_files": [],
    }

    def __init__(
        self,
        setup_timeout_seconds: int = DEFAULT_RUNTIME_ENV_TIMEOUT_SECONDS,
        eager_install: bool = True,
        log_files: list[str] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(setup_timeout_seconds, int):
            raise TypeError(
                f"setup_timeout_seconds must be of type int, got: {type(setup_timeout_seconds)}"
            )
        if setup_timeout_seconds < 1 and setup_timeout_seconds != -1:
            raise ValueError(
                "setup_timeout_seconds must be greater than zero or equals to -1, got: "
                f"{setup_timeout_seconds}"
            )
        if not isinstance(eager_install, bool):
            raise TypeError(f"eager_install must be a boolean. got {type(eager_install)}")
        if log_files is not None and not isinstance(log_files, list):
            raise TypeError(
                f"log_files must be a list of strings or None, got {log_files} with type "
                f"{type(log_files)}."
            )
        for name in log_files or []:
            if not isinstance(name, str):
                raise TypeError("Each item in log_files must be a string.")
        self["setup_timeout_seconds"] = setup_timeout_seconds
        self["eager_install"] = eager_install
        self["log_files"] = list(log_files or [])

    @staticmethod
    def parse_and_validate_runtime_env_config(
        config: Mapping[str, Any] | RuntimeEnvConfig,
    ) -> RuntimeEnvConfig:
        """Return `config` as an instance of this class; unknown fields are left out, and told of.

        Raises:
            TypeError: it is no mapping.
        """
        if isinstance(config, RuntimeEnvConfig):
            return config
        if not isinstance(config, Mapping):
            raise TypeError(
                "runtime_env['config'] must be of type dict or RuntimeEnvConfig, got: "
                f"{type(config)}"
            )
        unknown = set(config) - RuntimeEnvConfig.known_fields
        if unknown:
            logger.warning(
                "The following unknown entries in the runtime_env_config dictionary will be "
                "ignored: %s.",
                unknown,
            )
        return RuntimeEnvConfig(
            **{key: value for key, value in config.items() if key not in unknown}
        )

    @classmethod
    def default_config(cls) -> RuntimeEnvConfig:
        """Return the settings that count where nothing is said."""
        return cls(**cls._default_config)

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> RuntimeEnvConfig:
        """Return `config` as an instance of this class."""
        return cls(**config)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a plain dict."""
        return copy.deepcopy(dict(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (RuntimeEnvConfig, (*self.values(),))


_CHECKS: dict[str, Callable[[Any], Any]] = {
    **OPTION_TO_VALIDATION_FN,
    "config": RuntimeEnvConfig.parse_and_validate_runtime_env_config,
}
#: With what each way to run in a container can be combined.
_WITH_CONTAINER = {"config", "env_vars"}


class RuntimeEnv(dict):  # type: ignore[type-arg]
    """A runtime environment; a plain dict with the same keys may stand for it everywhere.

    Args:
        env_vars: environment variables of the workers.
        worker_process_setup_hook: a function, or "module.function", that each worker runs first.
        config: settings of the set-up itself.
        working_dir: the folder that workers run in: a URI, or of a job a path of this machine.
        py_modules: folders, modules and wheels that workers can import: paths or URIs.
        py_executable: the command that runs workers instead of the interpreter.
        pip: packages to install: a list, the path of a requirements file, or a dict.
        uv: the same, installed by uv.
        nsight: options of the profiler under which workers run, or "default".
        conda, container, image_uri, rocprof_sys: held here; refused at submission.

    Raises:
        TypeError: a field has another type.
        ValueError: fields that exclude each other are given, or a path is not there.
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
        given = {name: value for name, value in given.items() if value is not None}
        if not _validate:
            super().update(given)
            return
        self._check_together(given)
        for name, value in given.items():
            self[name] = value
        if "_ray_commit" not in self and (self.get("pip") or self.get("conda")):
            self["_ray_commit"] = __commit__
        if "_inject_current_ray" not in self and "RAY_RUNTIME_ENV_LOCAL_DEV_MODE" in os.environ:
            self["_inject_current_ray"] = True

    @staticmethod
    def _check_together(given: Mapping[str, Any]) -> None:
        installers = [name for name in ("pip", "uv", "conda") if given.get(name) is not None]
        if len(installers) > 1:
            raise ValueError(
                "The 'pip' field, 'uv' field, and 'conda' field of runtime_env cannot be specified "
                "at the same time.\n"
                + "".join(f"specified {name} field: {given[name]}\n" for name in installers)
            )
        for name in ("container", "image_uri"):
            others = set(given) - {name} - _WITH_CONTAINER
            if given.get(name) and others:
                raise ValueError(
                    f"The '{name}' field currently cannot be used together with other fields of "
                    f"runtime_env. Specified fields: {others}"
                )

    def __setitem__(self, key: str, value: Any) -> None:
        plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        check = _CHECKS.get(key)
        kept = plain if check is None or plain is None else check(plain)
        if kept is not None or plain is None:
            super().__setitem__(key, kept)

    def set(self, name: str, value: Any) -> None:
        """Set a field."""
        self[name] = value

    def get(self, name: str, default: Any = None, data_class: Any = None) -> Any:
        """Return a field (as an instance of ``data_class``), or `default` where it is not set."""
        if name not in self:
            return default
        value = self[name]
        return value if data_class is None else data_class(**value)

    def to_dict(self) -> dict[str, Any]:
        """Return a deep copy as a plain dict."""
        plain = {}
        for key, value in self.items():
            copied = dict(value) if isinstance(value, RuntimeEnvConfig) else value
            plain[key] = copied if callable(copied) else copy.deepcopy(copied)
        return plain

    def serialize(self) -> str:
        """Return it as JSON with sorted keys; what has no JSON (a hook) by what stands for it."""
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
        return str(self.get("working_dir", ""))

    def working_dir_uri(self) -> str | None:
        """Return the working directory, None for none."""
        return self._text("working_dir")

    def py_modules(self) -> list[str]:
        """Return the modules, [] for none."""
        return list(self.get("py_modules") or [])

    def py_modules_uris(self) -> list[str]:
        """Return the modules, [] for none."""
        return self.py_modules()

    def java_jars(self) -> list[str]:
        """Return the jars, [] for none."""
        return list(self.get("java_jars") or [])

    def py_executable(self) -> str | None:
        """Return the command that runs workers, None for the usual one."""
        return self._text("py_executable")

    def has_working_dir(self) -> bool:
        """Whether a working directory is set."""
        return self.get("working_dir") is not None

    def has_conda(self) -> bool:
        """Whether conda is set."""
        return bool(self.get("conda"))

    def conda_env_name(self) -> str | None:
        """Return the name of the conda environment, None where it is described or not set."""
        conda = self.get("conda")
        return conda if isinstance(conda, str) and conda else None

    def conda_config(self) -> str | None:
        """Return the description of the conda environment as JSON, None where it has a name."""
        conda = self.get("conda")
        return json.dumps(conda, sort_keys=True) if isinstance(conda, dict) and conda else None

    def conda_uri(self) -> str | None:
        """Return a URI that stands for the conda environment."""
        return self._digest_uri("conda")

    def has_pip(self) -> bool:
        """Whether pip is set."""
        return bool(self.get("pip"))

    def pip_config(self) -> dict[str, Any]:
        """Return what pip installs, and how; {} for nothing."""
        return self._installer("pip")

    def pip_uri(self) -> str | None:
        """Return a URI that stands for what pip installs."""
        return self._digest_uri("pip")

    def virtualenv_name(self) -> str | None:
        """Return None: environments have no names."""
        return None

    def has_uv(self) -> bool:
        """Whether uv is set."""
        return bool(self.get("uv"))

    def uv_config(self) -> dict[str, Any]:
        """Return what uv installs, and how; {} for nothing."""
        return self._installer("uv")

    def uv_uri(self) -> str | None:
        """Return a URI that stands for what uv installs."""
        return self._digest_uri("uv")

    def plugin_uris(self) -> list[str]:
        """Return []: there are no plugins."""
        return []

    def has_py_container(self) -> bool:
        """Whether a container is set."""
        return bool(self.get("container"))

    def py_container_image(self) -> str | None:
        """Return the container's image, None where there is none."""
        return self.get("container").get("image", "") if self.has_py_container() else None

    def py_container_worker_path(self) -> str | None:
        """Return the worker's path in the container, None where there is none."""
        return self.get("container").get("worker_path", "") if self.has_py_container() else None

    def py_container_run_options(self) -> list[str] | None:
        """Return the options of the container, None where there is none."""
        return self.get("container").get("run_options", []) if self.has_py_container() else None

    def image_uri(self) -> str | None:
        """Return the image, None for none."""
        return self._text("image_uri")

    def nsight(self) -> Any:
        """Return the settings of the profiler nsight, None for none."""
        return self.get("_nsight")

    def rocprof_sys(self) -> Any:
        """Return the settings of the profiler rocprof-sys, None for none."""
        return self.get("_rocprof_sys")

    def get_extension(self, key: str) -> Any:
        """Return one of Ray's own marks.

        Raises:
            ValueError: there is no such mark.
        """
        if key not in RuntimeEnv.extensions_fields:
            raise ValueError(
                f"Extension key must be one of {RuntimeEnv.extensions_fields}, got: {key}"
            )
        return self.get(key)

    def _text(self, name: str) -> str | None:
        found: str | None = self.get(name)
        return found

    def _installer(self, name: str) -> dict[str, Any]:
        found = self.get(name)
        return found if isinstance(found, dict) else {"packages": found} if found else {}

    def _digest_uri(self, name: str) -> str | None:
        if name not in self:
            return None
        text = json.dumps(self[name], sort_keys=True)
        return f"{name}://{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}"

    def plugins(self) -> list[tuple[str, Any]]:
        """Return the fields that are not Ray's own."""
        return [(key, value) for key, value in self.items() if key not in self.known_fields]


def _restore(fields: Mapping[str, Any]) -> RuntimeEnv:
    return RuntimeEnv(_validate=False, **fields)


__all__ = ["RuntimeEnv", "RuntimeEnvConfig"]
