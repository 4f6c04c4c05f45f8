"""Iterators over values as they get ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def as_completed(
    refs: Sequence[Any], *, chunk_size: int = 10, yield_obj_refs: bool = False, **kwargs: Any
) -> Iterator[Any]:
    """Yield values as they get ready, `chunk_size` at a time.

    Args:
        refs: references.
        chunk_size: how many to wait for before any is yielded; of the last ones, all that are left.
        yield_obj_refs: whether to yield references instead.
        kwargs: further arguments of `ray.wait`.

    Raises:
        ValueError: `chunk_size` is below 1, or `num_returns` is given.
        Exception: what `ray.get` raises.
    """
    _check(chunk_size, kwargs)
    left = list(refs)
    while left:
        chunk, left = _next_chunk(left, chunk_size, yield_obj_refs, kwargs)
        yield from chunk


def map_unordered(
    fn: Any,
    items: Iterable[Any],
    *,
    backpressure_size: int | None = 100,
    chunk_size: int = 10,
    yield_obj_refs: bool = False,
    **kwargs: Any,
) -> Iterator[Any]:
    """Run a remote function on each item and yield the values as they get ready.

    Args:
        fn: the remote function, of one argument.
        items: its arguments; taken as there is room for them.
        backpressure_size: how many may be on their way at a time; None: any number.
        chunk_size: how many to wait for before any is yielded.
        yield_obj_refs: whether to yield references instead.
        kwargs: further arguments of `ray.wait`.

    Raises:
        ValueError: a size is below 1, or `num_returns` is given.
        Exception: what `ray.get` raises.
    """
    _check(chunk_size, kwargs)
    if backpressure_size is not None and backpressure_size <= 0:
        raise ValueError(f"backpressure_size must be positive, got {backpressure_size}.")
    under_way: list[Any] = []
    for item in items:
        under_way.append(fn.remote(item))
        if backpressure_size is not None and len(under_way) >= backpressure_size:
            chunk, under_way = _next_chunk(under_way, chunk_size, yield_obj_refs, kwargs)
            yield from chunk
    yield from as_completed(
        under_way, chunk_size=chunk_size, yield_obj_refs=yield_obj_refs, **kwargs
    )


def _check(chunk_size: int, kwargs: dict[str, Any]) -> None:
    if chunk_size < 1:
        raise ValueError(f"`chunk_size` must be >= 1, got {chunk_size}.")
    if "num_returns" in kwargs:
        raise ValueError("Use the `chunk_size` argument instead of `num_returns`.")


def _next_chunk(
    refs: list[Any], chunk_size: int, yield_obj_refs: bool, kwargs: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    import ray

    done, left = ray.wait(refs, num_returns=min(chunk_size, len(refs)), **kwargs)
    return (done if yield_obj_refs else ray.get(done)), left


__all__ = ["as_completed", "map_unordered"]
