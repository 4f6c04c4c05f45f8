"""A pool of actors to spread work over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

Submit = Callable[[Any, Any], Any]


class ActorPool:
    """Hands values to whichever of its actors is free.

    Args:
        actors: handles; each gets one call at a time.
    """

    def __init__(self, actors: Iterable[Any]) -> None:
        self._idle = list(actors)
        # Reference to (index of the submission, actor); index to reference.
        self._busy: dict[Any, tuple[int, Any]] = {}
        self._by_index: dict[int, Any] = {}
        self._next_index = 0
        self._next_return = 0
        self._waiting: list[tuple[Submit, Any]] = []

    def submit(self, fn: Submit, value: Any) -> None:
        """Call `fn(actor, value)` (which returns a reference) as soon as an actor is free."""
        if not self._idle:
            self._waiting.append((fn, value))
            return
        actor = self._idle.pop()
        reference = fn(actor, value)
        self._busy[reference] = (self._next_index, actor)
        self._by_index[self._next_index] = reference
        self._next_index += 1

    def has_next(self) -> bool:
        """Whether a value is still to be fetched."""
        return bool(self._busy or self._waiting)

    def has_free(self) -> bool:
        """Whether an actor is free."""
        return bool(self._idle) and not self._waiting

    def get_next(self, timeout: float | None = None, ignore_if_timedout: bool = False) -> Any:
        """Return the next value in the order of submission.

        Args:
            timeout: seconds to wait, None for without limit.
            ignore_if_timedout: after a timeout, give up the value.

        Raises:
            StopIteration: nothing is left.
            TimeoutError: it was not there in time.
            ValueError: it was taken by `get_next_unordered`.
        """
        import ray

        if not self.has_next():
            raise StopIteration("No more results to get")
        if self._next_return >= self._next_index:
            raise ValueError("It is not allowed to call get_next() after get_next_unordered().")
        reference = self._by_index[self._next_return]
        done, _ = ray.wait([reference], timeout=timeout)
        if not done and not ignore_if_timedout:
            raise TimeoutError("Timed out waiting for result")
        del self._by_index[self._next_return]
        self._next_return += 1
        _, actor = self._busy.pop(reference)
        self._return(actor)
        if not done:
            raise TimeoutError(f"Timed out waiting for result; the task {reference} was ignored.")
        return ray.get(reference)

    def get_next_unordered(
        self, timeout: float | None = None, ignore_if_timedout: bool = False
    ) -> Any:
        """Return a value that is ready, in any order.

        Args:
            timeout: seconds to wait, None for without limit.
            ignore_if_timedout: after a timeout, give up the value.

        Raises:
            StopIteration: nothing is left.
            TimeoutError: none was there in time.
        """
        import ray

        if not self.has_next():
            raise StopIteration("No more results to get")
        done, _ = ray.wait(list(self._busy), num_returns=1, timeout=timeout)
        if not done and not ignore_if_timedout:
            raise TimeoutError("Timed out waiting for result")
        reference = done[0] if done else next(iter(self._busy))
        index, actor = self._busy.pop(reference)
        del self._by_index[index]
        self._next_return = max(self._next_return, index + 1)
        self._return(actor)
        if not done:
            raise TimeoutError(f"Timed out waiting for result; the task {reference} was ignored.")
        return ray.get(reference)

    def _return(self, actor: Any) -> None:
        self._idle.append(actor)
        if self._waiting:
            self.submit(*self._waiting.pop(0))

    def map(self, fn: Submit, values: Iterable[Any]) -> Iterator[Any]:
        """Submit all values and yield the results in their order; what was pending is dropped."""
        return self._map(fn, values, self.get_next)

    def map_unordered(self, fn: Submit, values: Iterable[Any]) -> Iterator[Any]:
        """Submit all values and yield the results as they get ready."""
        return self._map(fn, values, self.get_next_unordered)

    def _map(self, fn: Submit, values: Iterable[Any], take: Callable[..., Any]) -> Iterator[Any]:
        while self.has_next():
            try:
                self.get_next_unordered(timeout=0, ignore_if_timedout=True)
            except TimeoutError:
                continue
        for value in values:
            self.submit(fn, value)

        def results() -> Iterator[Any]:
            while self.has_next():
                yield take()

        return results()

    def pop_idle(self) -> Any:
        """Take a free actor out of the pool; None where there is none."""
        return self._idle.pop() if self.has_free() else None

    def push(self, actor: Any) -> None:
        """Put an actor into the pool.

        Raises:
            ValueError: it is in it already.
        """
        if actor in self._idle or any(actor == busy for _, busy in self._busy.values()):
            raise ValueError("Actor already belongs to current ActorPool")
        self._return(actor)


__all__ = ["ActorPool"]
