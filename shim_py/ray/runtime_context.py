"""Who and where this process is: `ray.get_runtime_context()`."""

from __future__ import annotations

from typing import Any

from ray._core import client
from ray._core.ids import ActorID, JobID, NodeID, PlacementGroupID, TaskID
from ray._private import running
from ray._private.accelerators import get_all_accelerator_resource_names
from ray.runtime_env import RuntimeEnv


class RuntimeContext:
    """Facts about the process that asks; all ids are in hex.

    A context may be kept: it always tells of the present session.
    """

    @property
    def _assignment(self) -> Any:
        return client.session().assignment if client.is_connected() else None

    def _session(self, what: str) -> Any:
        if not client.is_connected():
            raise RuntimeError(f"{what} is not available because Ray has not been initialized.")
        return client.session()

    def get(self) -> dict[str, Any]:
        """Return the ids as a dict."""
        context = {"job_id": self.job_id, "node_id": self.node_id, "namespace": self.namespace}
        for name in ("task_id", "actor_id"):
            if (value := getattr(self, name)) is not None:
                context[name] = value
        return context

    @property
    def job_id(self) -> JobID:
        """The job's id."""
        return JobID.from_hex(self.get_job_id())

    def get_job_id(self) -> str:
        """Return the id of the driver's job.

        Raises:
            RuntimeError: there is no cluster.
        """
        return str(self._session("Job ID").job_id.hex())

    @property
    def node_id(self) -> NodeID:
        """The node's id."""
        return NodeID.from_hex(self.get_node_id())

    def get_node_id(self) -> str:
        """Return the id of this process's node, as `ray.nodes()` lists it.

        Raises:
            RuntimeError: there is no cluster.
        """
        return str(self._session("Node ID").node_id)

    def get_worker_id(self) -> str:
        """Return the id of this process.

        Raises:
            RuntimeError: there is no cluster.
        """
        session = self._session("Worker ID")
        if session.assignment is not None:
            return str(session.assignment.worker_id)
        # A driver's process is known by its job, in Ray's way.
        return str(session.job_id.hex()).ljust(56, "f")

    def get_temp_dir(self) -> str:
        """Return beam's directory on this machine."""
        return str(self._session("Temp directory").runtime_dir)

    def get_session_name(self) -> str:
        """Return a name of the cluster.

        Raises:
            RuntimeError: there is no cluster.
        """
        return f"session_{self._session('Session name').cluster[:16]}"

    @property
    def task_id(self) -> TaskID | None:
        """The id of the call that runs, None in a driver."""
        text = self.get_task_id()
        return None if text is None else TaskID.from_hex(text)

    def get_task_id(self) -> str | None:
        """Return the id of the task or method call that runs, None in a driver."""
        call = _running_call()
        return None if call is None else call.task_id

    def get_task_name(self) -> str | None:
        """Return the name of the task or method call that runs, None in a driver."""
        call = _running_call()
        return None if call is None else call.name

    def get_task_function_name(self) -> str | None:
        """Return the full name of the function that runs, None in a driver."""
        call = _running_call()
        return None if call is None else call.function_name

    @property
    def actor_id(self) -> ActorID | None:
        """The actor's id, None outside of actors."""
        text = self.get_actor_id()
        return None if text is None else ActorID.from_hex(text)

    def get_actor_id(self) -> str | None:
        """Return the id of the actor this process is; None outside of actors, never an error."""
        assignment = self._assignment
        if assignment is None or assignment.is_task:
            return None
        return str(assignment.actor_id)

    def get_actor_name(self) -> str | None:
        """Return the actor's name, "" for one without, None outside of actors."""
        assignment = self._assignment
        if assignment is None or assignment.is_task:
            return None
        return assignment.name or ""

    @property
    def namespace(self) -> str:
        """The namespace of this process."""
        return str(client.session().namespace)

    @property
    def was_current_actor_reconstructed(self) -> bool:
        """Whether the actor has been restarted."""
        assignment = self._assignment
        return assignment is not None and assignment.incarnation > 1

    @property
    def current_placement_group_id(self) -> PlacementGroupID:
        """The id of the placement group this process runs in, nil for none."""
        text = self.get_placement_group_id()
        return PlacementGroupID.nil() if text is None else PlacementGroupID.from_hex(text)

    def get_placement_group_id(self) -> str | None:
        """Return the id of the placement group this process runs in, None for none."""
        assignment = self._assignment
        return None if assignment is None else assignment.pg_id

    @property
    def should_capture_child_tasks_in_placement_group(self) -> bool:
        """Whether what this process starts goes into its placement group too."""
        assignment = self._assignment
        return assignment is not None and bool(assignment.capture)

    def get_assigned_resources(self) -> dict[str, float]:
        """Return the amounts this worker holds, by resource.

        Raises:
            AssertionError: this process is a driver.
        """
        assignment = self._assignment
        if assignment is None:
            raise AssertionError("This method is only available when the process is a worker.")
        return {name: float(amount) for name, amount in assignment.resources.items()}

    def get_runtime_env_string(self) -> str:
        """Return the runtime environment as JSON."""
        return self.runtime_env.serialize()

    @property
    def runtime_env(self) -> RuntimeEnv:
        """The runtime environment of this process, its job's included; empty for none."""
        return RuntimeEnv(_validate=False, **client.session().runtime_env)

    @property
    def current_actor(self) -> Any:
        """A handle to the actor this process is.

        Raises:
            RuntimeError: this process is no actor.
        """
        from ray._actor_methods import load_class_info
        from ray.actor import ActorHandle

        actor_id = self.get_actor_id()
        if actor_id is None:
            raise RuntimeError("This method is only available in an actor.")
        return ActorHandle(ActorID.from_hex(actor_id), load_class_info(running.actor_meta[0]))

    @property
    def gcs_address(self) -> str:
        """The head's address, `ip:port`; good as RAY_ADDRESS for a child process."""
        return str(client.session().gcs_address)

    def get_resource_ids(self) -> dict[str, list[str]]:
        """Return `get_accelerator_ids()`."""
        return self.get_accelerator_ids()

    def get_accelerator_ids(self) -> dict[str, list[str]]:
        """Return the ids of the devices assigned to this worker, by family of accelerators.

        The ids are the node's own (as listed in CUDA_VISIBLE_DEVICES of its daemon, or numbers),
        also where the process sees other numbers or none.
        """
        ids: dict[str, list[str]] = {name: [] for name in get_all_accelerator_resource_names()}
        assignment = self._assignment
        if assignment is not None:
            ids["GPU"] = [str(device) for device in assignment.gpu_ids]
        return ids

    @property
    def _gpu_ids_masked(self) -> bool:
        assignment = self._assignment
        return assignment is not None and bool(assignment.gpu_ids_masked)

    def get_node_labels(self) -> dict[str, str]:
        """Return the labels of this process's node."""
        from ray._private.state import node_labels

        return node_labels(self.get_node_id())

    def is_canceled(self) -> bool:
        """Return whether the call that runs was cancelled.

        Raises:
            RuntimeError: this process is a driver, or an actor with coroutines: those are cancelled
                by asyncio's own means.
        """
        if running.in_event_loop():
            raise RuntimeError("This method is not supported in an async actor.")
        call = _running_call()
        if call is None:
            raise RuntimeError("This method is only available while a worker runs a call.")
        return call.cancelled


def _running_call() -> running.RunningCall | None:
    assignment = client.session().assignment if client.is_connected() else None
    return None if assignment is None else running.running_call(assignment.actor_id)


_context = RuntimeContext()


def get_runtime_context() -> RuntimeContext:
    """Return the facts about this process; connects to the cluster if that was not done."""
    client.session()
    return _context


__all__ = ["RuntimeContext", "get_runtime_context"]
