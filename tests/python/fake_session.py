"""A session without a cluster: it keeps what it is asked and answers as it is told."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import ray
from ray._core.creation import CallOptions
from ray._core.errors import RequestFailed
from ray._core.ids import ActorID, JobID

NODE = "ab" * 28


class FakeSession:
    """Stands for `ray._core.session.Session`."""

    def __init__(self) -> None:
        self.job_id = JobID.from_hex("01000000")
        self.node_id = NODE
        self.node_ip = "10.0.0.1"
        self.gcs_address = "10.0.0.1:6379"
        self.namespace = "space"
        self.cluster = "cd" * 28
        self.runtime_env: dict[str, Any] = {}
        self.runtime_dir = "/run/beam"
        self.dashboard_url = ""
        self.assignment: Any = None
        self.answers: dict[str, Any] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.created: list[Any] = []
        self.calls: list[tuple[Any, ...]] = []
        self.tasks: list[Any] = []
        self.handles: list[ActorID] = []
        self.taken: set[str] = set()
        self.claimed: dict[tuple[str, str], dict[str, Any]] = {}
        self.killed: list[tuple[ActorID, bool]] = []

    def request(
        self,
        kind: str,
        fields: dict[str, Any],
        body: bytes = b"",
        timeout: float | None = None,
    ) -> Any:
        self.requests.append((kind, fields))
        answer = self.answers.get(kind, {})
        if isinstance(answer, Exception):
            raise answer
        if kind.startswith("query."):
            return SimpleNamespace(fields={}, body=json.dumps(answer).encode())
        return SimpleNamespace(fields=answer, body=b"")

    def create_actor(self, creation: Any) -> ActorID:
        if creation.name in self.taken:
            raise RequestFailed("name_taken", "The name is taken")
        self.created.append(creation)
        return ActorID.of(self.job_id)

    def call(self, actor_id: Any, method: str, args: Any, kwargs: Any, n: Any, options: Any) -> Any:
        self.calls.append((actor_id, method, args, kwargs, n, options))
        return [ray.ObjectRef.from_random() for _ in range(1 if n == "streaming" else n)]

    def call_one(self, actor_id: Any, method: str, args: Any, kwargs: Any, retries: int = 0) -> Any:
        options = CallOptions(max_task_retries=retries)
        return self.call(actor_id, method, args, kwargs, 1, options)[0]

    def run_task(self, task: Any) -> Any:
        self.tasks.append(task)
        return [ray.ObjectRef.from_random() for _ in range(task.num_returns)]

    def kill(self, actor_id: ActorID, no_restart: bool) -> None:
        self.killed.append((actor_id, no_restart))

    def handle_created(self, actor_id: ActorID, any_order: bool = False) -> Any:
        self.handles.append(actor_id)
        return None
