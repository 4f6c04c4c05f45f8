"""joblib's parallel calls over actors: `parallel_backend("ray")` after `register_ray()`."""

from __future__ import annotations


def register_ray() -> None:
    """Tell joblib of the backend `ray`.

    Raises:
        ImportError: joblib is not installed.
    """
    from joblib.parallel import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        register_parallel_backend,
    )

    from ray.util.joblib._ray_backend import RayBackend

    register_parallel_backend("ray", RayBackend)


__all__ = ["register_ray"]
