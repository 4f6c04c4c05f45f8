"""Settings of a job as one object: `ray.init(job_config=...)`."""

from __future__ import annotations

from typing import Any


class JobConfig:
    """Settings of a job; what `ray.init` is given itself goes before.

    Args:
        runtime_env: the runtime environment.
        ray_namespace: the namespace.
        metadata: shown with the job.
    """

    def __init__(
        self,
        runtime_env: dict[str, Any] | None = None,
        ray_namespace: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.runtime_env = runtime_env or {}
        self.ray_namespace = ray_namespace
        self.metadata = metadata or {}

    def set_runtime_env(self, runtime_env: dict[str, Any] | None, validate: bool = False) -> None:
        """Set the runtime environment."""
        self.runtime_env = runtime_env or {}

    def set_ray_namespace(self, ray_namespace: str) -> None:
        """Set the namespace."""
        self.ray_namespace = ray_namespace

    def set_metadata(self, key: str, value: str) -> None:
        """Add to the metadata."""
        self.metadata[key] = value


__all__ = ["JobConfig"]
