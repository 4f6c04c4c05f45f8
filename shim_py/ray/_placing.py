"""From the options of an actor or task to where it goes and what travels with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ray._private.absent import refuse
from ray.runtime_env._submission import prepare
from ray.util.placement_group import check_fits, choose_group
from ray.util.scheduling_strategies import (
    Exists,
    In,
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
    NotIn,
)


class Placing(NamedTuple):
    """Where something goes: a bundle (None: no group), or by strategy; and its environment."""

    pg_id: str | None
    bundle_index: int
    capture: bool
    strategy: dict[str, Any] | None
    runtime_env: dict[str, Any]


def placing(
    options: Mapping[str, Any], place: Mapping[str, float], what: str, session: Any
) -> Placing:
    """Return where something goes.

    Args:
        options: its options.
        place: the amounts that must be free.
        what: its name, for errors.
        session: the session of this process.

    Raises:
        ValueError: it can never fit its placement group.
        NotImplementedError: an option is not there yet.
    """
    group, index, capture = choose_group(options)
    strategy = None
    if group.is_empty:
        strategy = _strategy(options)
    elif options.get("label_selector") or options.get("fallback_strategy"):
        refuse(
            f"label_selector of {what} together with a placement group",
            "Give it to another actor, or reserve the group where it should be.",
        )
    else:
        check_fits(group, index, place, what, "the resource request")
    return Placing(
        None if group.is_empty else group.id.hex(),
        index,
        capture,
        strategy,
        prepare(options.get("runtime_env"), session.runtime_env),
    )


def _strategy(options: Mapping[str, Any]) -> dict[str, Any] | None:
    strategy = options.get("scheduling_strategy")
    selector = options.get("label_selector")
    if (selector or options.get("fallback_strategy")) and strategy not in (None, "DEFAULT"):
        refuse(
            "label_selector together with a scheduling_strategy",
            "Give only one of them.",
        )
    fallback = _fallback(options)
    if selector or fallback:
        labels = {"kind": "labels", "hard": dict(selector or {}), "soft": {}}
        return {**labels, "fallback": fallback} if fallback else labels
    if strategy == "SPREAD":
        return {"kind": "spread"}
    if isinstance(strategy, NodeAffinitySchedulingStrategy):
        spill = {"spill": True} if strategy._spill_on_unavailable else {}
        node = {"kind": "node", "node_id": strategy.node_id, "soft": bool(strategy.soft)}
        return {**node, **spill}
    if isinstance(strategy, NodeLabelSchedulingStrategy):
        return {
            "kind": "labels",
            "hard": _selectors(strategy.hard),
            "soft": _selectors(strategy.soft),
        }
    return None


def _selectors(expressions: list[Any]) -> dict[str, str]:
    selectors = {}
    for expression in expressions:
        operator = expression.operator
        if isinstance(operator, In):
            selectors[expression.key] = f"in({','.join(operator.values)})"
        elif isinstance(operator, NotIn):
            selectors[expression.key] = f"!in({','.join(operator.values)})"
        else:
            selectors[expression.key] = "exists()" if isinstance(operator, Exists) else "!exists()"
    return selectors


def _fallback(options: Mapping[str, Any]) -> list[dict[str, str]]:
    """The label selectors to try where no node of the first has room, in this order."""
    return [dict(each["label_selector"]) for each in options.get("fallback_strategy") or []]


def refuse_missing_options(options: Mapping[str, Any], what: str) -> None:
    """Raise for options that are not there, rather than leave them without effect.

    Raises:
        UnsupportedFeature: such an option is set.
    """
    missing = {
        "enable_tensor_transport": "Ray Direct Transport is not there; send tensors over "
        "torch.distributed.",
    }
    if options.get("_num_objects_per_yield") not in (None, 1):
        refuse(f"the option _num_objects_per_yield of {what}", "Yield one value at a time.")
    for name, instead in missing.items():
        if options.get(name):
            refuse(f"the option {name} of {what}", instead)
