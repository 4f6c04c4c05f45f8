"""What a pool's calls return: all at once later on, or one after another."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing import TimeoutError
from typing import TYPE_CHECKING, Any, Callable

from ray.exceptions import RayError
from ray.util.multiprocessing._runner import Outcome

if TYPE_CHECKING:
    from ray.util.multiprocessing.pool import Pool


class PoolTaskError(Exception):
    """Stands for what a call raised.

    Attributes:
        underlying: what it raised.
    """

    def __init__(self, underlying: BaseException) -> None:
        super().__init__(underlying)
        self.underlying = underlying


def outcomes_of(reference: Any) -> list[Outcome]:
    """Return a batch's outcomes; where its process died, one outcome with that error."""
    import ray

    try:
        outcomes: list[Outcome] = ray.get(reference)
    except Exception as error:
        return [(False, error)]
    return outcomes


class AsyncResult:
    """The results of calls that were handed to a pool.

    Args:
        references: one per batch, in order.
        callback: called with the result once all is done and nothing failed.
        error_callback: called with the first error once all is done, as a `PoolTaskError`.
        single: the result is one call's value, not a list.
    """

    def __init__(
        self,
        references: list[Any],
        callback: Callable[[Any], Any] | None = None,
        error_callback: Callable[[Any], Any] | None = None,
        single: bool = False,
    ) -> None:
        self._references = references
        self._callback = callback
        self._error_callback = error_callback
        self._single = single
        self._outcomes: list[Outcome] | None = None
        self._called_back: threading.Thread | None = None
        if callback is not None or error_callback is not None:
            self._called_back = threading.Thread(
                target=self._call_back, name="pool-callback", daemon=True
            )
            self._called_back.start()

    def _call_back(self) -> None:
        error = self._first_error()
        if error is None:
            if self._callback is not None:
                self._callback(self._value())
        elif self._error_callback is not None:
            self._error_callback(PoolTaskError(error))

    def _done(self) -> list[Outcome]:
        if self._outcomes is None:
            self._outcomes = [one for ref in self._references for one in outcomes_of(ref)]
        return self._outcomes

    def _first_error(self) -> Any:
        return next((value for fine, value in self._done() if not fine), None)

    def _value(self) -> Any:
        values = [value for _, value in self._done()]
        return values[0] if self._single else values

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all calls are done and the callbacks have returned.

        Args:
            timeout: seconds to wait at most, None for without limit.
        """
        import ray

        end = None if timeout is None else time.monotonic() + timeout
        if self._references:
            count = len(self._references)
            ray.wait(self._references, num_returns=count, timeout=timeout, fetch_local=False)
        thread = self._called_back
        if thread is not None and thread is not threading.current_thread() and self._all_there():
            thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def _all_there(self) -> bool:
        import ray

        refs = self._references
        if not refs:
            return True
        return not ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)[1]

    def get(self, timeout: float | None = None) -> Any:
        """Return the result.

        Args:
            timeout: seconds to wait at most, None for without limit.

        Raises:
            multiprocessing.TimeoutError: it was not there in time.
            Exception: what a call raised.
        """
        self.wait(timeout)
        if not self._all_there():
            raise TimeoutError
        error = self._first_error()
        if error is not None:
            raise error
        return self._value()

    def ready(self) -> bool:
        """Whether all calls are done, and the callbacks have returned."""
        thread = self._called_back
        return self._all_there() and (thread is None or not thread.is_alive())

    def successful(self) -> bool:
        """Whether no call raised anything.

        Raises:
            ValueError: they are not done.
        """
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._first_error() is None


class IMapIterator:
    """The results of calls one by one; each process has one batch at a time.

    Args:
        pool: whose processes run the calls.
        func: called with each item.
        items: what it is called with.
        chunksize: items per batch.
        ordered: whether results come in the order of the items, else as they get ready.
    """

    def __init__(
        self,
        pool: Pool,
        func: Callable[[Any], Any],
        items: Iterable[Any],
        chunksize: int,
        ordered: bool,
    ) -> None:
        if chunksize < 1:
            raise ValueError(f"Chunksize must be 1+, not {chunksize}")
        self._pool = pool
        self._func = func
        self._items: Iterator[Any] = iter(items)
        self._chunksize = chunksize
        self._ordered = ordered
        self._ready: deque[Outcome] = deque()
        # By reference: the batch's number and the process that runs it.
        self._running: dict[Any, tuple[int, int]] = {}
        self._early: dict[int, list[Outcome]] = {}
        self._submitted = 0
        self._returned = 0
        for process in range(pool._size):
            self._submit(process)

    def _submit(self, process: int) -> None:
        batch: list[Any] = []
        for item in self._items:
            batch.append(((item,), {}))
            if len(batch) == self._chunksize:
                break
        if batch:
            reference = self._pool._run_batch(process, self._func, batch)
            self._running[reference] = self._submitted, process
            self._submitted += 1

    def __iter__(self) -> IMapIterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self, timeout: float | None = None) -> Any:
        """Return the next result; for a call that raised something, a `PoolTaskError`, as in Ray.

        Args:
            timeout: seconds to wait at most, None for without limit.

        Raises:
            StopIteration: there are no more.
            multiprocessing.TimeoutError: it was not there in time.
            RayError: the call's process died.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self._ready:
            if not self._running:
                raise StopIteration
            self._take(end)
        fine, value = self._ready.popleft()
        if fine:
            return value
        if isinstance(value, RayError):
            raise value
        return PoolTaskError(value)

    def _take(self, end: float | None) -> None:
        import ray

        left = None if end is None else max(0.0, end - time.monotonic())
        done, _ = ray.wait(list(self._running), num_returns=1, timeout=left)
        if not done:
            raise TimeoutError
        number, process = self._running.pop(done[0])
        outcomes = outcomes_of(done[0])
        self._submit(process)
        if not self._ordered:
            self._ready.extend(outcomes)
            return
        self._early[number] = outcomes
        while self._returned in self._early:
            self._ready.extend(self._early.pop(self._returned))
            self._returned += 1
