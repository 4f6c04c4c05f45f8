"""What all nodes of a graph have: arguments, and how they are run."""

from __future__ import annotations

from typing import Any, Callable, NoReturn

from ray._private.absent import ABSENT_MODULES, refuse


class DAGNode:
    """A call that is not made yet; its arguments may be nodes too, also inside lists and dicts."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._bound_args = args
        self._bound_kwargs = kwargs

    def get_args(self) -> tuple[Any, ...]:
        """Return the positional arguments it was bound with."""
        return self._bound_args

    def get_kwargs(self) -> dict[str, Any]:
        """Return the arguments it was bound with by name."""
        return dict(self._bound_kwargs)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Make all calls of the graph, each once, and return a reference to what this one gives.

        Args:
            args: what `InputNode` stands for.
            kwargs: the same by name.

        Raises:
            ValueError: the graph needs an input that is not given.
        """
        return self._run({}, args, kwargs)

    def experimental_compile(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not there: compiled graphs.

        Raises:
            UnsupportedFeature: always.
        """
        refuse("experimental_compile()", ABSENT_MODULES["ray.dag.compiled_dag_node"])

    def with_tensor_transport(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not there: tensors of compiled graphs.

        Raises:
            UnsupportedFeature: always.
        """
        refuse("with_tensor_transport()", ABSENT_MODULES["ray.dag.compiled_dag_node"])

    def _run(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run it unless this execution did already; `done` holds results by the nodes' ids."""
        if id(self) not in done:
            done[id(self)] = self._perform(done, args, kwargs)
        return done[id(self)]

    def _perform(self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError(f"{type(self).__name__} is no node that can be run.")

    def _resolved(
        self, done: dict[int, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return its arguments with the results of nodes in their places."""

        def run(node: DAGNode) -> Any:
            return node._run(done, args, kwargs)

        positional = tuple(_resolve(bound, run) for bound in self._bound_args)
        return positional, {key: _resolve(each, run) for key, each in self._bound_kwargs.items()}


def _resolve(bound: Any, run: Callable[[DAGNode], Any]) -> Any:
    if isinstance(bound, DAGNode):
        return run(bound)
    if type(bound) in (list, tuple):
        return type(bound)(_resolve(each, run) for each in bound)
    if type(bound) is dict:
        return {key: _resolve(each, run) for key, each in bound.items()}
    return bound


__all__ = ["DAGNode"]
