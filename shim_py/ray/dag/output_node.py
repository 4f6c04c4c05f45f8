"""Several ends of one graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.dag.dag_node import DAGNode


class MultiOutputNode(DAGNode):
    """Runs several nodes in one execution and gives the list of their references.

    Args:
        args: the nodes.
    """

    def __init__(self, args: Sequence[DAGNode]) -> None:
        super().__init__(tuple(args), {})

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        positional, _ = self._resolved(done, args, kwargs)
        return list(positional)


__all__ = ["MultiOutputNode"]
