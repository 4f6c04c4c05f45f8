"""The standard library's `multiprocessing.Pool` over actors: on all nodes of the cluster."""

from __future__ import annotations

from multiprocessing import JoinableQueue, TimeoutError

from ray.util.multiprocessing.pool import Pool

__all__ = ["JoinableQueue", "Pool", "TimeoutError"]
