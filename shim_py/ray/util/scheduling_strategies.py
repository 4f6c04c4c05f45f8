"""Where a task or actor may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

if TYPE_CHECKING:
    from ray.util.placement_group import PlacementGroup


class PlacementGroupSchedulingStrategy:
    """Inside a placement group.

    Args:
        placement_group: the group, or None for no group.
        placement_group_bundle_index: the bundle, -1 for any.
        placement_group_capture_child_tasks: whether what it starts goes into the group too,
            unless it says otherwise; None for what its creator does.
    """

    def __init__(
        self,
        placement_group: PlacementGroup | None,
        placement_group_bundle_index: int = -1,
        placement_group_capture_child_tasks: bool | None = None,
    ) -> None:
        self.placement_group = placement_group
        self.placement_group_bundle_index = placement_group_bundle_index
        self.placement_group_capture_child_tasks = placement_group_capture_child_tasks


class NodeAffinitySchedulingStrategy:
    """On one node.

    Args:
        node_id: its id in hex (56 digits), as `ray.nodes()` lists it.
        soft: whether it may run elsewhere when the node is gone or can never hold it.

    Raises:
        ValueError: `node_id` is no id of a node.
    """

    def __init__(
        self,
        node_id: str,
        soft: bool,
        _spill_on_unavailable: bool = False,
        _fail_on_unavailable: bool = False,
    ) -> None:
        self.node_id: str = node_id if isinstance(node_id, str) else node_id.hex()
        self.soft = soft
        self._spill_on_unavailable = _spill_on_unavailable
        self._fail_on_unavailable = _fail_on_unavailable
        digits = set(self.node_id)
        if len(self.node_id) != 56 or not digits <= set("0123456789abcdef") or digits == {"f"}:
            raise ValueError(
                f"Invalid node_id {self.node_id!r}: it must be 56 hex digits. `ray.nodes()` lists "
                "the nodes with their ids."
            )
        if _spill_on_unavailable and not soft:
            raise ValueError("_spill_on_unavailable needs soft=True.")
        if _fail_on_unavailable and soft:
            raise ValueError("_fail_on_unavailable needs soft=False.")


class _Values:
    def __init__(self, *values: str) -> None:
        name = type(self).__name__
        if not values:
            raise ValueError(f"{name} needs at least one value, as in {name}('a', 'b').")
        for value in values:
            if not isinstance(value, str):
                raise ValueError(f"Values of {name} must be strings, got {value!r}.")
        self.values = list(values)


class In(_Values):
    """The label has one of these values."""


class NotIn(_Values):
    """The label has none of these values."""


class Exists:
    """The label is there."""


class DoesNotExist:
    """The label is not there."""


_Operator = Union[In, NotIn, Exists, DoesNotExist]


class _LabelMatchExpression:
    def __init__(self, key: str, operator: _Operator) -> None:
        self.key = key
        self.operator = operator


class NodeLabelSchedulingStrategy:
    """On a node with certain labels.

    Args:
        hard: what must hold, by label.
        soft: what is preferred, by label.

    Raises:
        ValueError: both are empty, or not of this form.
    """

    def __init__(
        self,
        hard: Optional[Mapping[str, _Operator]],
        *,
        soft: Optional[Mapping[str, _Operator]] = None,
    ) -> None:
        self.hard = _expressions(hard, "hard")
        self.soft = _expressions(soft, "soft")
        if not (self.hard or self.soft):
            raise ValueError("NodeLabelSchedulingStrategy needs `hard` or `soft`, both are empty.")


def _expressions(given: Any, name: str) -> list[_LabelMatchExpression]:
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise ValueError(f"`{name}` must map labels to operators, got {type(given).__name__}.")
    for key, operator in given.items():
        if not isinstance(key, str):
            raise ValueError(f"The labels of `{name}` must be strings, got {key!r}.")
        if not isinstance(operator, (In, NotIn, Exists, DoesNotExist)):
            raise ValueError(
                f"The operator for {key!r} in `{name}` must be In, NotIn, Exists or DoesNotExist, "
                f"got {operator!r}."
            )
    return [_LabelMatchExpression(key, operator) for key, operator in given.items()]


SchedulingStrategyT = Union[
    None,
    str,
    PlacementGroupSchedulingStrategy,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
]

__all__ = [
    "DoesNotExist",
    "Exists",
    "In",
    "NodeAffinitySchedulingStrategy",
    "NodeLabelSchedulingStrategy",
    "NotIn",
    "PlacementGroupSchedulingStrategy",
    "SchedulingStrategyT",
]
