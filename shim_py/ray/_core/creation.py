"""What the public modules hand to the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .session import Session


@dataclass
class ConnectOptions:
    """What `ray.init` was given; None: not given."""

    address: str | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    resources: dict[str, float] | None = None
    labels: dict[str, str] | None = None
    object_store_memory: int | None = None
    namespace: str | None = None
    #: Brings what the job's runtime environment has on this machine to the node; what travels.
    bring_environment: Callable[[Session], dict[str, Any]] | None = None
    ignore_reinit_error: bool = False
    log_to_driver: bool = True
    logging_level: int | str | None = None
    #: Kept with the job.
    metadata: dict[str, str] = field(default_factory=dict)
    #: Whether and where a new cluster's head serves HTTP; None: as it usually does.
    include_dashboard: bool | None = None
    dashboard_host: str | None = None
    dashboard_port: int | None = None
    #: Ray's private arguments: `_node_ip_address`, `_node_name`, `_memory` of a new cluster.
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class ActorCreation:
    """An actor to create. Amounts of resources are floats, as users write them."""

    cls: type
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    class_name: str
    #: What other processes make a handle from (`ray.get_actor`), pickled by the public module.
    meta: bytes
    name: str | None = None
    namespace: str | None = None
    detached: bool = False
    place: dict[str, float] = field(default_factory=dict)
    run: dict[str, float] = field(default_factory=dict)
    pg_id: str | None = None
    bundle_index: int | None = None
    capture: bool | None = None
    strategy: dict[str, Any] | None = None
    max_restarts: int = 0
    max_task_retries: int = 0
    max_concurrency: int | None = None
    runtime_env: dict[str, Any] = field(default_factory=dict)
    get_if_exists: bool = False
    is_async: bool = False
    #: Concurrency groups: how many calls of each may run at a time.
    groups: dict[str, int] = field(default_factory=dict)


@dataclass
class CallOptions:
    """How one call differs from others."""

    max_task_retries: int | None = None
    #: How many calls of this process the actor may owe an answer; 0 and -1: any number.
    max_pending_calls: int = -1
    name: str | None = None
    #: The concurrency group; None: the actor's default.
    group: str | None = None
    #: After which exceptions to call again: all, those of these classes, or none.
    retry_exceptions: bool | list[type] | tuple[type, ...] = False
    #: How many values of a generator may be there that nobody took; None: any number.
    pause: int | None = None


@dataclass
class TaskCreation:
    """A function to run in a worker of its own or a pooled one."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    #: The function's pickle, kept between its tasks.
    pickled: Any = None
    #: How many values of a generator may be there that nobody took; None: any number.
    pause: int | None = None
    num_returns: int | str = 1
    run: dict[str, float] = field(default_factory=dict)
    place: dict[str, float] | None = None
    pg_id: str | None = None
    bundle_index: int | None = None
    capture: bool | None = None
    strategy: dict[str, Any] | None = None
    runtime_env: dict[str, Any] = field(default_factory=dict)
    max_retries: int = 3
    retry_exceptions: bool | list[type] | tuple[type, ...] = False
    #: How many tasks of this function a process may run; 0: any number.
    max_calls: int = 0


@dataclass
class Assignment:
    """What a worker process is: the answer to its hello."""

    actor_id: str
    incarnation: int
    job_id: str
    class_name: str
    name: str | None
    namespace: str
    node_id: str
    node_ip: str
    worker_id: str
    gpu_ids: list[str]
    #: The ids are entries of a variable such as CUDA_VISIBLE_DEVICES that the daemon was given.
    gpu_ids_masked: bool
    #: Amounts that the actor holds while it runs, as floats.
    resources: dict[str, float]
    pg: dict[str, Any] | None
    runtime_env: dict[str, Any]
    max_concurrency: int
    is_task: bool
    #: Concurrency groups: how many calls of each may run at a time.
    groups: dict[str, int] = field(default_factory=dict)
    #: Everything the daemon said.
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def pg_id(self) -> str | None:
        """The placement group it runs in."""
        return self.pg["pg_id"] if self.pg else None

    @property
    def capture(self) -> bool:
        """Whether what it creates goes into its placement group by default."""
        return bool(self.pg and self.pg.get("capture"))
