"""Actors and methods that are bound."""

from __future__ import annotations

from typing import Any

from ray.dag.dag_node import DAGNode


class ClassNode(DAGNode):
    """An actor that each execution of the graph creates anew, made by `bind` of its class.

    Args:
        actor_class: the class, with its options.
        args: arguments of the constructor.
        kwargs: the same by name.
    """

    def __init__(self, actor_class: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(args, kwargs)
        self._actor_class = actor_class

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _MethodOfNode(self, name)

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        positional, by_name = self._resolved(done, args, kwargs)
        return self._actor_class.remote(*positional, **by_name)


class _MethodOfNode:
    def __init__(self, node: ClassNode, name: str) -> None:
        self._node = node
        self._name = name

    def bind(self, *args: Any, **kwargs: Any) -> ClassMethodNode:
        """Return the node of a call of this method."""
        return ClassMethodNode(self._node, self._name, None, args, kwargs)


class ClassMethodNode(DAGNode):
    """A call of an actor's method, made by its `bind`.

    Args:
        actor: a handle, or the node of an actor.
        method: the method's name.
        called: the handle's method with its options; None for the node of an actor.
        args: arguments.
        kwargs: arguments by name.
    """

    def __init__(
        self,
        actor: Any,
        method: str,
        called: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(args, kwargs)
        self._actor = actor
        self._method = method
        self._called = called

    def get_method_name(self) -> str:
        """Return the method's name."""
        return self._method

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        positional, by_name = self._resolved(done, args, kwargs)
        called = self._called
        if called is None:
            called = getattr(self._actor._run(done, args, kwargs), self._method)
        return called.remote(*positional, **by_name)


__all__ = ["ClassMethodNode", "ClassNode"]
