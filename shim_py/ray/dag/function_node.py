"""A task that is bound."""

from __future__ import annotations

from typing import Any

from ray.dag.dag_node import DAGNode


class FunctionNode(DAGNode):
    """A call of a remote function, made by its `bind`.

    Args:
        function: the remote function, with its options.
        args: arguments.
        kwargs: arguments by name.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(args, kwargs)
        self._function = function

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        positional, by_name = self._resolved(done, args, kwargs)
        return self._function.remote(*positional, **by_name)


__all__ = ["FunctionNode"]
