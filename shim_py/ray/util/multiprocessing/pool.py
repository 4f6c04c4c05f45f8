"""`multiprocessing.Pool` over actors."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from typing import Any, Callable

from ray.util.multiprocessing._results import AsyncResult, IMapIterator, PoolTaskError
from ray.util.multiprocessing._runner import Arguments, Runner

logger = logging.getLogger("ray")


class Pool:
    """Processes that run calls; may be left as a context manager, which terminates them.

    Args:
        processes: how many, None for as many as the cluster has CPUs.
        initializer: called once in each process.
        initargs: its arguments.
        maxtasksperchild: batches after which a process is replaced, None for never.
        context: accepted, without effect, with a warning: actors are no children of this process.
        ray_address: of the cluster, where this process belongs to none; None for what `ray.init()`
            finds or starts.
        ray_remote_args: options of the actors.

    Raises:
        ValueError: `processes` is not above 0, or above the cluster's CPUs.
    """

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., Any] | None = None,
        initargs: Iterable[Any] | None = None,
        maxtasksperchild: int | None = None,
        context: Any = None,
        ray_address: str | None = None,
        ray_remote_args: dict[str, Any] | None = None,
    ) -> None:
        import ray

        if context is not None:
            logger.warning("A Pool of actors has no use for `context`: it is left out.")
        self._closed = False
        self._initializer = initializer
        self._initargs = None if initargs is None else tuple(initargs)
        self._most_batches = maxtasksperchild or -1
        actor_class: Any = ray.remote(num_cpus=0)(Runner)
        self._actor_class = actor_class.options(**(ray_remote_args or {}))
        self._size = _connect(processes, ray_address)
        self._next = 0
        # What ends, by a reference that is ready then.
        self._ending: list[Any] = []
        self._actors = [self._new_actor() for _ in range(self._size)]
        self._batches = [0] * self._size
        ray.get([actor.ping.remote() for actor in self._actors])

    def _new_actor(self) -> Any:
        return self._actor_class.remote(self._initializer, self._initargs)

    def _run_batch(self, process: int, func: Callable[..., Any], batch: Sequence[Arguments]) -> Any:
        reference = self._actors[process].run.remote(func, batch)
        self._batches[process] += 1
        if self._batches[process] == self._most_batches:
            self._ending.append(self._actors[process].__ray_terminate__.remote())
            self._actors[process] = self._new_actor()
            self._batches[process] = 0
        return reference

    def _run_all(
        self, func: Callable[..., Any], calls: Iterable[Arguments], chunksize: int | None
    ) -> list[Any]:
        calls = list(calls)
        if chunksize is None:
            # Four batches for each process, rounded up.
            chunksize = max(1, -(-len(calls) // (self._size * 4)))
        starts = range(0, len(calls), chunksize)
        return [
            self._run_batch(number % self._size, func, calls[start : start + chunksize])
            for number, start in enumerate(starts)
        ]

    # ── single calls ─────────────────────────────────────────────────────────────────────────

    def apply(
        self,
        func: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run `func(*args, **kwargs)` in a process and return its value.

        Raises:
            ValueError: the pool is closed.
            Exception: what it raises.
        """
        return self.apply_async(func, args, kwargs).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        callback: Callable[[Any], Any] | None = None,
        error_callback: Callable[[Any], Any] | None = None,
    ) -> AsyncResult:
        """Run `func(*args, **kwargs)` in a process.

        Args:
            func: what to run.
            args: its arguments.
            kwargs: its named arguments.
            callback: called with the value, on a thread of this process.
            error_callback: called with what it raised instead, as a `PoolTaskError`.

        Raises:
            ValueError: the pool is closed.
        """
        self._check_running()
        self._next = (self._next + 1) % self._size
        reference = self._run_batch(self._next, func, [(tuple(args or ()), dict(kwargs or {}))])
        return AsyncResult([reference], callback, error_callback, single=True)

    # ── calls for each item ──────────────────────────────────────────────────────────────────

    def map(
        self, func: Callable[[Any], Any], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[Any]:
        """Run `func(item)` for each item and return the values.

        Raises:
            ValueError: the pool is closed.
            Exception: what the first of the calls raised that raised something.
        """
        values: list[Any] = self.map_async(func, iterable, chunksize).get()
        return values

    def map_async(
        self,
        func: Callable[[Any], Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Callable[[list[Any]], Any] | None = None,
        error_callback: Callable[[Any], Any] | None = None,
    ) -> AsyncResult:
        """Run `func(item)` for each item.

        Args:
            func: what to run.
            iterable: the items.
            chunksize: items per batch, None for a size that suits.
            callback: called once with all values, on a thread of this process.
            error_callback: called with the first error instead.

        Raises:
            ValueError: the pool is closed.
        """
        self._check_running()
        calls: list[Arguments] = [((item,), {}) for item in iterable]
        return AsyncResult(self._run_all(func, calls, chunksize), callback, error_callback)

    def starmap(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Sequence[Any]],
        chunksize: int | None = None,
    ) -> list[Any]:
        """Run `func(*item)` for each item and return the values; errors as of `map`."""
        self._check_running()
        calls: list[Arguments] = [(tuple(item), {}) for item in iterable]
        values: list[Any] = AsyncResult(self._run_all(func, calls, chunksize)).get()
        return values

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Sequence[Any]],
        callback: Callable[[list[Any]], Any] | None = None,
        error_callback: Callable[[Any], Any] | None = None,
    ) -> AsyncResult:
        """Run `func(*item)` for each item; callbacks and errors as of `map_async`."""
        self._check_running()
        calls: list[Arguments] = [(tuple(item), {}) for item in iterable]
        return AsyncResult(self._run_all(func, calls, None), callback, error_callback)

    def imap(
        self, func: Callable[[Any], Any], iterable: Iterable[Any], chunksize: int | None = 1
    ) -> IMapIterator:
        """Return an iterator over `func(item)`, in order; items are taken as processes get free.

        Raises:
            ValueError: the pool is closed.
        """
        self._check_running()
        return IMapIterator(self, func, iterable, chunksize or 1, ordered=True)

    def imap_unordered(
        self, func: Callable[[Any], Any], iterable: Iterable[Any], chunksize: int | None = 1
    ) -> IMapIterator:
        """Return an iterator over `func(item)` as values get ready; else as `imap`.

        Raises:
            ValueError: the pool is closed.
        """
        self._check_running()
        return IMapIterator(self, func, iterable, chunksize or 1, ordered=False)

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def _check_running(self) -> None:
        if self._closed:
            raise ValueError("Pool not running")

    def __enter__(self) -> Pool:
        self._check_running()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.terminate()

    def close(self) -> None:
        """Take no more calls; the processes end when theirs are done."""
        if self._closed:
            return
        self._closed = True
        self._ending += [actor.__ray_terminate__.remote() for actor in self._actors]

    def terminate(self) -> None:
        """End the processes now, and what they run."""
        import ray

        self.close()
        for actor in self._actors:
            ray.kill(actor)

    def join(self) -> None:
        """Wait until the processes have ended.

        Raises:
            ValueError: the pool was neither closed nor terminated.
        """
        import ray

        if not self._closed:
            raise ValueError("Pool is still running")
        if self._ending:
            ray.wait(self._ending, num_returns=len(self._ending), fetch_local=False)
        self._ending = []


def _connect(processes: int | None, address: str | None) -> int:
    import ray

    if not ray.is_initialized():
        own = address == "local" or (address is None and not os.environ.get("RAY_ADDRESS"))
        ray.init(address=address, num_cpus=processes if own else None)
    cpus = int(ray.cluster_resources().get("CPU", 0))
    if processes is None:
        processes = cpus
    if processes <= 0:
        raise ValueError("Processes in the pool must be >0.")
    if processes > cpus:
        raise ValueError(
            f"Tried to start a pool with {processes} processes on an existing ray cluster, but "
            f"there are only {cpus} CPUs in the ray cluster."
        )
    return processes


__all__ = ["AsyncResult", "IMapIterator", "Pool", "PoolTaskError"]
