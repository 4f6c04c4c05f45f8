"""`ray.init` and `ray.shutdown`: from their arguments to a session."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ray import _logging
from ray._core import client
from ray._private.absent import refuse
from ray._version import __commit__, __version__
from ray.runtime_env._submission import (
    bring,
    check_job,
    job_environment,
    submitted_metadata,
)

logger = logging.getLogger("ray")

# Ray's private arguments: accepted. Those in the first set reach the core.
_PASSED_ON = {"_node_ip_address", "_node_name", "_memory"}
_WITHOUT_EFFECT = {
    "_cluster_id",
    "_driver_object_store_memory",
    "_enable_object_reconstruction",
    "_lru_evict",
    "_metrics_export_port",
    "_object_spilling_directory",
    "_plasma_directory",
    "_redis_max_memory",
    "_redis_password",
    "_redis_username",
    "_skip_env_hook",
    "_system_config",
    "_temp_dir",
    "_tracing_startup_hook",
}


class RayContext(Mapping[str, Any]):
    """What `ray.init` returns: facts of the cluster; leaving it as a context manager disconnects.

    Attributes:
        address_info: the facts.
        dashboard_url: address of the page, "" for none.
        python_version, ray_version, ray_commit: versions.
    """

    def __init__(self, address_info: dict[str, Any]) -> None:
        self.address_info = address_info
        self.dashboard_url: str = address_info["webui_url"]
        self.python_version = ".".join(str(part) for part in sys.version_info[:3])
        self.ray_version = __version__
        self.ray_commit = __commit__

    def __getitem__(self, key: str) -> Any:
        return self.address_info[key]

    def __len__(self) -> int:
        return len(self.address_info)

    def __iter__(self) -> Iterator[str]:
        return iter(self.address_info)

    def __enter__(self) -> RayContext:
        return self

    def __exit__(self, *_exc: object) -> None:
        shutdown()

    def disconnect(self) -> None:
        """Leave the cluster, as `ray.shutdown()` does."""
        shutdown()

    def __repr__(self) -> str:
        return (
            f"RayContext(dashboard_url={self.dashboard_url!r}, "
            f"python_version={self.python_version!r}, ray_version={self.ray_version!r})"
        )


def _context() -> RayContext:
    session = client.session()
    return RayContext(
        {
            "node_ip_address": session.node_ip,
            "object_store_address": "",
            "raylet_socket_name": "",
            "webui_url": session.dashboard_url,
            "session_dir": session.runtime_dir,
            "metrics_export_port": 0,
            "gcs_address": session.gcs_address,
            "address": session.gcs_address,
            "node_id": session.node_id,
        }
    )


def init(
    address: str | None = None,
    *,
    num_cpus: int | None = None,
    num_gpus: int | None = None,
    resources: dict[str, float] | None = None,
    labels: dict[str, str] | None = None,
    object_store_memory: int | None = None,
    local_mode: bool = False,
    ignore_reinit_error: bool = False,
    include_dashboard: bool | None = None,
    dashboard_host: str = "127.0.0.1",
    dashboard_port: int | None = None,
    job_config: Any = None,
    configure_logging: bool = True,
    logging_level: int | str = "info",
    logging_format: str | None = None,
    logging_config: Any = None,
    log_to_driver: bool | None = None,
    namespace: str | None = None,
    runtime_env: Mapping[str, Any] | None = None,
    enable_resource_isolation: bool = False,
    cgroup_path: str | None = None,
    system_reserved_cpu: float | None = None,
    system_reserved_memory: int | None = None,
    proxy_server_url: str | None = None,
    **kwargs: Any,
) -> RayContext:
    """Connect this process to a cluster, or start one for it.

    Args:
        address: `host:port` of a head; "auto" for a cluster that is there; "local" for a new one;
            None: RAY_ADDRESS, else the cluster this machine belongs to, else a new one.
        num_cpus: CPUs of a new cluster.
        num_gpus: GPUs of a new cluster.
        resources: further amounts of a new cluster.
        labels: labels of a new cluster's node.
        object_store_memory: bytes for objects of a new cluster.
        ignore_reinit_error: whether a second call is fine.
        configure_logging: whether to set the logger `ray` up.
        logging_level: its level.
        logging_format: its format.
        log_to_driver: whether the output of workers is shown here.
        namespace: namespace of actors' names.
        runtime_env: runtime environment of all actors and tasks.
        job_config: the last two as one object, and metadata that is kept with the job.
        include_dashboard: whether the head of a new cluster serves jobs and metrics over HTTP;
            None: it does, on any port where the usual one is taken.
        dashboard_host: on which address.
        dashboard_port: on which port; it must be free then.

    The arguments about isolation and reserved amounts are accepted without effect.

    Raises:
        ConnectionError: no such cluster can be reached.
        ValueError: amounts are given, and the cluster is there already.
        RuntimeError: it was called before; or an argument is unknown.
        UnsupportedFeature: Ray Client, or a field of `runtime_env` that is not there.
    """
    if configure_logging:
        level = getattr(logging_config, "log_level", None) or logging_level
        _logging.configure(level, logging_format)
    if logging_config is not None:
        logging_config._apply()
    _check_arguments(address, kwargs, local_mode)
    if client.is_connected():
        if ignore_reinit_error:
            logger.info("Calling ray.init() again after it has already been called.")
            return _context()
        raise RuntimeError(
            "Maybe you called ray.init twice by accident? This error can be suppressed by passing "
            "in 'ignore_reinit_error=True' or by calling 'ray.shutdown()' prior to 'ray.init()'."
        )
    if job_config is not None:
        runtime_env = runtime_env or job_config.runtime_env
        namespace = namespace or job_config.ray_namespace
    metadata = submitted_metadata()
    if job_config is not None:
        metadata = {**metadata, **job_config.metadata}
    if namespace is not None and not isinstance(namespace, str):
        raise TypeError(f"namespace must be a string or None, got {namespace!r}.")
    if log_to_driver is not None and not isinstance(log_to_driver, bool):
        raise TypeError(f"log_to_driver must be a bool or None, got {log_to_driver!r}.")
    if namespace == "":
        raise ValueError('"" is not a valid namespace. Pass None to not specify a namespace.')
    _check_amounts(num_cpus=num_cpus, num_gpus=num_gpus, object_store_memory=object_store_memory)
    environment = job_environment(runtime_env, bool(kwargs.get("_skip_env_hook")))
    check_job(environment)
    client.connect(
        client.ConnectOptions(
            address=address,
            num_cpus=num_cpus,
            num_gpus=num_gpus,
            resources=resources,
            labels=labels,
            object_store_memory=object_store_memory,
            namespace=namespace,
            bring_environment=lambda session: bring(session, environment),
            ignore_reinit_error=ignore_reinit_error,
            log_to_driver=True if log_to_driver is None else log_to_driver,
            logging_level=logging_level,
            metadata=metadata,
            include_dashboard=include_dashboard,
            dashboard_host=dashboard_host if dashboard_host != "127.0.0.1" else None,
            dashboard_port=dashboard_port,
            extra={
                **{key: value for key, value in kwargs.items() if key in _PASSED_ON},
                "logging": logging_config and logging_config.to_dict(),
            },
        )
    )
    return _context()


def _check_arguments(address: str | None, kwargs: Mapping[str, Any], local_mode: bool) -> None:
    unknown = [key for key in kwargs if key not in _PASSED_ON | _WITHOUT_EFFECT]
    if unknown:
        raise RuntimeError(f"Unknown keyword argument(s): {', '.join(unknown)}")
    if local_mode:
        raise RuntimeError("`local_mode` is no longer supported. Use a debugger in the worker.")
    if address is not None and not isinstance(address, str):
        raise TypeError(f"The address must be a string or None, got {address!r}.")
    if (address or os.environ.get("RAY_ADDRESS", "")).startswith("ray://"):
        refuse(
            "ray:// addresses (Ray Client)",
            "Run the driver on a machine of the cluster, after `beam up --join` there, and leave "
            "the address out.",
        )


def _check_amounts(**amounts: float | None) -> None:
    for name, amount in amounts.items():
        if amount is not None and amount < 0:
            raise ValueError(f"{name} must be at least 0, got {amount}.")


def shutdown(*, wait_for_processes: bool = False, _exiting_interpreter: bool = False) -> None:
    """Leave the cluster; what this driver owned ends. May be called at any time."""
    client.disconnect()


def is_initialized() -> bool:
    """Return whether this process belongs to a cluster; False in a child it has started."""
    return client.is_connected()
