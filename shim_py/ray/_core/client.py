"""This process's session: connecting, ending, and what a fork makes of it."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from ray.exceptions import RaySystemError

from . import discovery, object_ref, own_socket, secret_env
from .creation import (
    ActorCreation,
    Assignment,
    CallOptions,
    ConnectOptions,
    TaskCreation,
)
from .errors import DaemonLost, RequestFailed
from .ids import JobID
from .packages import cloudpickle
from .protocol import PROTOCOL_VERSION, python_version
from .session import Session

if TYPE_CHECKING:
    from .launch import LocalCluster

__all__ = [
    "ActorCreation",
    "Assignment",
    "CallOptions",
    "ConnectOptions",
    "Session",
    "TaskCreation",
    "connect",
    "disconnect",
    "is_connected",
    "session",
]

logger = logging.getLogger("ray")

_session: Session | None = None
_local: LocalCluster | None = None
_connecting = threading.RLock()


def is_connected() -> bool:
    """Whether this process is part of a cluster."""
    return _session is not None


def session() -> Session:
    """The current session; connects as `ray.init()` does where there is none.

    Raises:
        RaySystemError: there is none and ``RAY_ENABLE_AUTO_CONNECT=0`` forbids to connect.
    """
    current = _session
    if current is not None:
        return current
    if os.environ.get("RAY_ENABLE_AUTO_CONNECT") == "0":
        raise RaySystemError("Ray has not been started yet. You can start Ray with 'ray.init()'.")
    with _connecting:
        if not is_connected():
            import ray

            ray.init()
        return cast(Session, _session)


def connect(options: ConnectOptions) -> Session:
    """`ray.init`.

    Raises:
        RuntimeError: this process is connected, and ``ignore_reinit_error`` is not given.
        ConnectionError: no daemon can be found, or chosen, or started.
        ValueError: resources were given for a cluster that exists.
    """
    global _session, _local
    with _connecting:
        if _session is not None:
            if options.ignore_reinit_error:
                return _session
            raise RuntimeError(
                "Maybe you called ray.init twice by accident? This error can be suppressed by "
                "passing in 'ignore_reinit_error=True' or by calling 'ray.shutdown()' prior to "
                "'ray.init()'."
            )
        instance = discovery.find(options.address)
        local: LocalCluster | None = None
        if instance is None:
            from .launch import LocalCluster

            local = LocalCluster(options)
            instance = local.instance
        else:
            _refuse_resources(options)
        try:
            made = _open(instance.socket)
            try:
                _start_job(made, options)
            except BaseException:
                made.close()
                raise
        except BaseException:
            if local is not None:
                local.stop()
            raise
        # A child of multiprocessing has its main module under a name that workers cannot import.
        if "__mp_main__" in sys.modules:
            cloudpickle.register_pickle_by_value(sys.modules["__mp_main__"])
        secret_env.take_out()
        _session, _local = made, local
        return made


def _refuse_resources(options: ConnectOptions) -> None:
    if options.num_cpus is not None or options.num_gpus is not None:
        raise ValueError(
            "When connecting to an existing cluster, num_cpus and num_gpus must not be provided."
        )
    if options.resources:
        raise ValueError("When connecting to an existing cluster, resources must not be provided.")
    if options.labels:
        raise ValueError("When connecting to an existing cluster, labels must not be provided.")
    if options.object_store_memory is not None:
        raise ValueError(
            "When connecting to an existing cluster, object_store_memory must not be provided."
        )


def _open(path: str) -> Session:
    try:
        sock = own_socket.connect(path)
    except OSError as error:
        raise ConnectionError(
            f"Cannot connect to the node daemon at {path}: {error}. "
            "Start it with `beam up`, or see `beam status`."
        ) from None
    made = Session(sock, _on_lost)
    made.pump.start()
    return made


def _start_job(made: Session, options: ConnectOptions) -> None:
    bring = options.bring_environment
    environment = bring(made) if bring is not None else {}
    fields: dict[str, Any] = {
        "protocol": PROTOCOL_VERSION,
        "pid": os.getpid(),
        "python": python_version(),
        "executable": sys.executable or "",
        "cwd": os.getcwd(),
        "sys_path": driver_path(),
        "entrypoint": " ".join(sys.argv[:1]) if hasattr(sys, "argv") else "",
        "namespace": options.namespace,
        "runtime_env": environment or None,
        "metadata": options.metadata or None,
        "logging": options.extra.get("logging"),
        "log_to_driver": options.log_to_driver,
        "process": made.caller_id,
    }
    try:
        told = made.request("driver.start", fields).fields
    except (RequestFailed, DaemonLost) as error:
        raise ConnectionError(str(error)) from None
    made.job_id = JobID.from_hex(told["job_id"])
    for name in ("node_id", "node_ip", "gcs_address", "namespace", "cluster", "log_dir"):
        setattr(made, name, told[name])
    made.runtime_dir = told["runtime_dir"]
    made.object_socket = told.get("object_socket") or ""
    made.dashboard_url = told["dashboard_url"]
    made.runtime_env = environment
    made.log_to_driver = options.log_to_driver
    for name, value in (told.get("network_env") or {}).items():
        # A driver's own address; the interfaces are for workers, which the daemon starts.
        if name == "VLLM_HOST_IP":
            os.environ.setdefault(name, str(value))


def driver_path() -> list[str]:
    """What workers add to their ``sys.path``: the driver's own, without the interpreter's."""
    stems = tuple(os.path.realpath(stem) for stem in {sys.prefix, sys.base_prefix})
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path: list[str] = []
    for place in sys.path:
        full = os.path.realpath(place or os.getcwd())
        inside = any(full.startswith(stem + os.sep + "lib") for stem in stems)
        if not inside and full != os.path.realpath(package) and full not in path:
            path.append(full)
    return path


def adopt(made: Session) -> None:
    """Makes the worker's session this process's."""
    global _session
    _session = made


def disconnect() -> None:
    """`ray.shutdown`: ends the job and what it owned; does nothing where there is none."""
    global _session, _local
    with _connecting:
        current, _session = _session, None
        local, _local = _local, None
        try:
            if current is not None:
                current.close()
        finally:
            if local is not None:
                local.stop()


def _on_lost(lost: Session, error: DaemonLost) -> None:
    """The daemon ended: a worker ends with it, a driver is told at its next call."""
    if lost.assignment is not None:
        os._exit(1)
    if not lost.closing:
        lost.pump.deferred.append(lambda: logger.error("%s", error.client_exc))


def _after_fork() -> None:
    """In the child: a new process without a cluster."""
    global _session, _local, _connecting
    _connecting = threading.RLock()
    current, _session = _session, None
    local, _local = _local, None
    object_ref.renew()
    if current is not None:
        current.abandon()
    if local is not None:
        local.forget()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(disconnect)
