"""Where Ray keeps what it once had in `ray.internal`."""

from __future__ import annotations

from ray.internal import free

__all__ = ["free"]
