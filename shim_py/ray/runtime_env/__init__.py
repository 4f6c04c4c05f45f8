"""Runtime environments: what a worker process gets before user code runs in it."""

from __future__ import annotations

from ray.runtime_env.runtime_env import RuntimeEnv, RuntimeEnvConfig

__all__ = ["RuntimeEnv", "RuntimeEnvConfig"]
