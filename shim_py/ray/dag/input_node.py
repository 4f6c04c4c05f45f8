"""What a graph is given when it is run."""

from __future__ import annotations

from typing import Any

from ray.dag.dag_node import DAGNode


class InputNode(DAGNode):
    """Stands for the only argument of `execute`; `node[0]` and `node.name` for one of several."""

    def __init__(self) -> None:
        super().__init__((), {})

    def __enter__(self) -> InputNode:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    def __getattr__(self, name: str) -> InputAttributeNode:
        if name.startswith("_"):
            raise AttributeError(name)
        return InputAttributeNode(self, name)

    def __getitem__(self, key: int | str) -> InputAttributeNode:
        if not isinstance(key, (int, str)):
            raise ValueError(f"An input is found by its number or name, not by {key!r}.")
        return InputAttributeNode(self, key)

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) == 1 and not kwargs:
            return args[0]
        raise ValueError(
            f"Cannot run the graph: its input is one argument, and execute() was given "
            f"{len(args) + len(kwargs)}. Take them apart with `input[0]` or `input.name`."
        )


class InputAttributeNode(DAGNode):
    """Stands for one argument of `execute`, or for one item or attribute of the only one.

    Args:
        node: the input.
        key: a number or a name.
    """

    def __init__(self, node: InputNode, key: int | str) -> None:
        super().__init__((), {})
        self._node = node
        self.key = key

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if len(args) == 1 and not kwargs:
            return self._of_the_only_one(args[0])
        return DAGInputData(*args, **kwargs)[self.key]

    def _of_the_only_one(self, value: Any) -> Any:
        if isinstance(self.key, str) and hasattr(value, self.key):
            return getattr(value, self.key)
        return value[self.key]


class DAGInputData:
    """The arguments of one `execute`, by number and by name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._args = args
        self._kwargs = kwargs

    def __getitem__(self, key: int | str) -> Any:
        try:
            return self._args[key] if isinstance(key, int) else self._kwargs[key]
        except (IndexError, KeyError):
            raise ValueError(
                f"Cannot run the graph: it needs the input {key!r}, and execute() was given "
                f"{len(self._args)} arguments and {sorted(self._kwargs)}."
            ) from None


__all__ = ["DAGInputData", "InputAttributeNode", "InputNode"]
