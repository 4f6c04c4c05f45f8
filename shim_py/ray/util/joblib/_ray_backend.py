"""joblib's backend over `ray.util.multiprocessing.Pool`; importing it needs joblib."""

from __future__ import annotations

from typing import Any

from joblib._parallel_backends import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    AutoBatchingMixin,
    ParallelBackendBase,
    PoolManagerMixin,
)

from ray.util.multiprocessing.pool import Pool


class RayBackend(PoolManagerMixin, AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]
    """Runs joblib's batches in a pool of actors.

    Args:
        nesting_level: as of every backend of joblib.
        inner_max_num_threads: as of every backend of joblib.
        ray_remote_args: options of the actors.
    """

    supports_retrieve_callback = True
    supports_return_generator = True

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        ray_remote_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.ray_remote_args = ray_remote_args
        super().__init__(
            nesting_level=nesting_level, inner_max_num_threads=inner_max_num_threads, **kwargs
        )

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many processes `n_jobs` means; -1 is all CPUs of the cluster.

        Raises:
            ValueError: it is 0.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is None:
            return 1
        if n_jobs > 0:
            return n_jobs
        import ray

        if not ray.is_initialized():
            ray.init()
        return max(1, int(ray.cluster_resources().get("CPU", 0)) + 1 + n_jobs)

    def configure(
        self,
        n_jobs: int = 1,
        parallel: Any = None,
        prefer: str | None = None,
        require: str | None = None,
        ray_remote_args: dict[str, Any] | None = None,
        **_memmapping: Any,
    ) -> int:
        """Make the pool and return how many processes it has.

        Args:
            n_jobs: how many are asked for.
            parallel: joblib's object that asks.
            prefer: accepted, without effect.
            require: accepted, without effect.
            ray_remote_args: options of the actors, instead of the backend's.
        """
        count = self.effective_n_jobs(n_jobs)
        options = self.ray_remote_args if ray_remote_args is None else ray_remote_args
        self._pool = Pool(count, ray_remote_args=options)
        self.parallel = parallel
        return count

    def terminate(self) -> None:
        """End the pool."""
        super().terminate()
        self.reset_batch_stats()


__all__ = ["RayBackend"]
