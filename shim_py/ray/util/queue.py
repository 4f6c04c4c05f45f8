"""A queue that many processes share: an actor holds it."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterable
from typing import Any


class Empty(queue.Empty):
    """Nothing is in the queue."""


class Full(queue.Full):
    """The queue is full."""


def _check_timeout(timeout: float | None) -> None:
    if timeout is not None and timeout < 0:
        raise ValueError(f"'timeout' must be a non-negative number, got {timeout}")


class Queue:
    """A first-in first-out queue; may be passed to tasks and actors.

    Args:
        maxsize: how many items it holds, 0 for without limit.
        actor_options: options of the actor that holds it.
    """

    def __init__(self, maxsize: int = 0, actor_options: dict[str, Any] | None = None) -> None:
        import ray

        self.maxsize = maxsize
        holder: Any = ray.remote(_QueueActor)
        self.actor = holder.options(**(actor_options or {})).remote(maxsize)

    def _get(self, reference: Any) -> Any:
        import ray

        return ray.get(reference)

    def __len__(self) -> int:
        return self.size()

    def size(self) -> int:
        """Return how many items are in it."""
        return int(self._get(self.actor.qsize.remote()))

    def qsize(self) -> int:
        """Return how many items are in it."""
        return self.size()

    def empty(self) -> bool:
        """Whether nothing is in it."""
        return bool(self._get(self.actor.empty.remote()))

    def full(self) -> bool:
        """Whether it is full."""
        return bool(self._get(self.actor.full.remote()))

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item.

        Args:
            item: the item.
            block: whether to wait for room.
            timeout: seconds to wait, None for without limit.

        Raises:
            Full: there was no room.
            ValueError: `timeout` is negative.
        """
        if not block:
            self.put_nowait(item)
            return
        _check_timeout(timeout)
        self._get(self.actor.put.remote(item, timeout))

    async def put_async(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item from asyncio code; as `put`."""
        if not block:
            await self.actor.put_nowait.remote(item)
            return
        _check_timeout(timeout)
        await self.actor.put.remote(item, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the first item.

        Args:
            block: whether to wait for one.
            timeout: seconds to wait, None for without limit.

        Raises:
            Empty: there was none.
            ValueError: `timeout` is negative.
        """
        if not block:
            return self.get_nowait()
        _check_timeout(timeout)
        return self._get(self.actor.get.remote(timeout))

    async def get_async(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the first item from asyncio code; as `get`."""
        if not block:
            return await self.actor.get_nowait.remote()
        _check_timeout(timeout)
        return await self.actor.get.remote(timeout)

    def put_nowait(self, item: Any) -> None:
        """Add an item, or raise `Full`."""
        self._get(self.actor.put_nowait.remote(item))

    def put_nowait_batch(self, items: Iterable[Any]) -> None:
        """Add all items, or none and raise `Full`."""
        if not isinstance(items, Iterable):
            raise TypeError("Argument 'items' must be an Iterable")
        self._get(self.actor.put_nowait_batch.remote(list(items)))

    def get_nowait(self) -> Any:
        """Take the first item, or raise `Empty`."""
        return self._get(self.actor.get_nowait.remote())

    def get_nowait_batch(self, num_items: int) -> list[Any]:
        """Take this many items, or none and raise `Empty`."""
        if not isinstance(num_items, int):
            raise TypeError("Argument 'num_items' must be an int")
        if num_items < 0:
            raise ValueError("'num_items' must be nonnegative")
        return list(self._get(self.actor.get_nowait_batch.remote(num_items)))

    def shutdown(self, force: bool = False, grace_period_s: int = 5) -> None:
        """End the actor that holds the queue.

        Args:
            force: at once; else what was submitted runs first.
            grace_period_s: seconds until it is forced.
        """
        import ray

        if self.actor is None:
            return
        if not force:
            ended = self.actor.__ray_terminate__.remote()
            _, late = ray.wait([ended], num_returns=1, timeout=grace_period_s)
            force = bool(late)
        if force:
            ray.kill(self.actor, no_restart=True)
        self.actor = None


class _QueueActor:
    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.queue: asyncio.Queue[Any] = asyncio.Queue(maxsize)

    def qsize(self) -> int:
        return self.queue.qsize()

    def empty(self) -> bool:
        return self.queue.empty()

    def full(self) -> bool:
        return self.queue.full()

    async def put(self, item: Any, timeout: float | None = None) -> None:
        try:
            await asyncio.wait_for(self.queue.put(item), timeout)
        except asyncio.TimeoutError:
            raise Full from None

    async def get(self, timeout: float | None = None) -> Any:
        try:
            return await asyncio.wait_for(self.queue.get(), timeout)
        except asyncio.TimeoutError:
            raise Empty from None

    # Coroutines, so that they run in the loop: asyncio's queue is not safe between threads.
    async def put_nowait(self, item: Any) -> None:
        self._put_all([item])

    async def put_nowait_batch(self, items: list[Any]) -> None:
        self._put_all(items)

    def _put_all(self, items: list[Any]) -> None:
        room = self.maxsize - self.queue.qsize()
        if self.maxsize > 0 and len(items) > room:
            raise Full(f"Cannot add {len(items)} items: the queue has room for {room}.")
        for item in items:
            self.queue.put_nowait(item)

    async def get_nowait(self) -> Any:
        return self._take(1)[0]

    async def get_nowait_batch(self, num_items: int) -> list[Any]:
        return self._take(num_items)

    def _take(self, count: int) -> list[Any]:
        if count > self.queue.qsize():
            raise Empty(f"Cannot take {count} items: {self.queue.qsize()} are in the queue.")
        return [self.queue.get_nowait() for _ in range(count)]


__all__ = ["Empty", "Full", "Queue"]
