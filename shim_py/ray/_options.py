"""The options of `@ray.remote` and `.options()`: their names, types, bounds and defaults.

Scope: whether a value may be given at all. What the values mean is told where they are used.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple

_NONE = type(None)


class Option(NamedTuple):
    """One option: the types it takes, a check that returns why a value is refused, its default."""

    types: tuple[type, ...]
    check: Callable[[Any], str | None] | None = None
    default: Any = None


def _count(name: str, default: Any = None, endless: bool = True) -> Option:
    least = -1 if endless else 0
    means = ", where -1 means without limit" if endless else ""

    def check(value: Any) -> str | None:
        if value is None or value >= least:
            return None
        return (
            f"The option '{name}' must be a whole number of at least {least}{means}, got {value}."
        )

    return Option((int, _NONE), check, default)


def _amount_fault(name: str, amount: float) -> str | None:
    if not math.isfinite(amount):
        return f"The quantity of resource {name} must be a finite number, got {amount}."
    if amount < 0:
        return f"The quantity of resource {name} cannot be negative, got {amount}."
    if 0 < amount < 0.0001:
        return f"The quantity of resource {name} cannot be finer than 0.0001, got {amount}."
    if name in ("num_gpus", "GPU") and amount > 1 and amount != int(amount):
        return (
            f"The quantity of resource GPU must be whole above 1, got {amount}. "
            "Fractions share one device."
        )
    return None


def _amount(name: str, default: Any = None) -> Option:
    def check(value: Any) -> str | None:
        return None if value is None else _amount_fault(name, value)

    return Option((float, int, _NONE), check, default)


def _check_resources(resources: Any) -> str | None:
    if resources is None:
        return None
    instead = {
        "CPU": "num_cpus",
        "GPU": "num_gpus",
        "memory": "memory",
        "object_store_memory": "object_store_memory",
    }
    for name, amount in resources.items():
        if name in instead:
            return f"Use the option '{instead[name]}' instead of '{name}' in 'resources'."
        if not isinstance(name, str):
            return f"Names of resources must be strings, got {name!r}."
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            return f"The quantity of resource {name} must be a number, got {amount!r}."
        fault = _amount_fault(name, amount)
        if fault:
            return fault
    return None


def _check_num_returns(value: Any) -> str | None:
    if value is None or value in ("dynamic", "streaming"):
        return None
    if isinstance(value, int) and value >= 0:
        return None
    return (
        "The option 'num_returns' must be None, a whole number of at least 0 or 'streaming', "
        f"got {value!r}."
    )


def _is_error(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Exception)


def _check_retry_exceptions(value: Any) -> str | None:
    if isinstance(value, bool) or all(_is_error(kind) for kind in value):
        return None
    return f"The option 'retry_exceptions' must be a bool or a list of exceptions, got {value!r}."


def _check_lifetime(value: Any) -> str | None:
    if value in (None, "detached", "non_detached"):
        return None
    return f"The option 'lifetime' must be None, 'detached' or 'non_detached', got {value!r}."


def _check_label_selector(value: Any) -> str | None:
    for key, selector in (value or {}).items():
        if not isinstance(key, str) or not isinstance(selector, str):
            return f"A label selector maps names to strings, got {key!r}: {selector!r}."
    return None


def _check_fallback(value: Any) -> str | None:
    for each in value or []:
        if not isinstance(each, dict) or set(each) != {"label_selector"}:
            return (
                "The option 'fallback_strategy' lists dictionaries with the one key "
                f"'label_selector', got {each!r}."
            )
        fault = _check_label_selector(each["label_selector"])
        if fault is not None:
            return fault
    return None


def _not_zero(name: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if value is None or value > 0 or value == -1:
            return None
        return f"The option '{name}' must be above 0, or -1 for none, got {value}."

    return check


COMMON_OPTIONS: dict[str, Option] = {
    "label_selector": Option((dict, _NONE), _check_label_selector),
    "fallback_strategy": Option((list, _NONE), _check_fallback),
    "accelerator_type": Option((str, _NONE)),
    "memory": _amount("memory"),
    "name": Option((str, _NONE)),
    "num_cpus": _amount("num_cpus"),
    "num_gpus": _amount("num_gpus"),
    "object_store_memory": _count("object_store_memory", endless=False),
    "placement_group": Option((object,), default="default"),
    "placement_group_bundle_index": Option((int,), default=-1),
    "placement_group_capture_child_tasks": Option((bool, _NONE)),
    "resources": Option((dict, _NONE), _check_resources),
    "runtime_env": Option((dict, _NONE)),
    "scheduling_strategy": Option((object,)),
    "enable_task_events": Option((bool,), default=True),
    "_labels": Option((dict, _NONE)),
    "_metadata": Option((dict, _NONE)),
}

TASK_OPTIONS: dict[str, Option] = {
    **COMMON_OPTIONS,
    "max_calls": _count("max_calls", 0, endless=False),
    "max_retries": _count("max_retries", 3),
    "num_cpus": _amount("num_cpus", 1),
    "num_returns": Option((int, str, _NONE), _check_num_returns),
    "object_store_memory": Option(
        (int, _NONE),
        lambda value: (
            None if value is None else "The option 'object_store_memory' is not there for tasks."
        ),
    ),
    "retry_exceptions": Option((bool, list, tuple), _check_retry_exceptions, False),
    "_generator_backpressure_num_objects": Option(
        (int, _NONE), _not_zero("_generator_backpressure_num_objects")
    ),
    "_num_objects_per_yield": Option(
        (int, _NONE),
        lambda value: (
            None
            if value is None or value > 0
            else f"The option '_num_objects_per_yield' must be above 0, got {value}."
        ),
        1,
    ),
}

ACTOR_OPTIONS: dict[str, Option] = {
    **COMMON_OPTIONS,
    "concurrency_groups": Option((list, dict, _NONE)),
    "enable_tensor_transport": Option((bool, _NONE)),
    "lifetime": Option((str, _NONE), _check_lifetime),
    "max_concurrency": _count("max_concurrency", endless=False),
    "max_restarts": _count("max_restarts", 0),
    "max_task_retries": _count("max_task_retries", 0),
    "max_pending_calls": _count("max_pending_calls", -1),
    "namespace": Option((str, _NONE)),
    "get_if_exists": Option((bool,), default=False),
    "allow_out_of_order_execution": Option((bool, _NONE)),
    "_actor_generator_backpressure_num_objects": Option(
        (int, _NONE), _not_zero("_actor_generator_backpressure_num_objects")
    ),
}

METHOD_OPTIONS = (
    "num_returns",
    "concurrency_group",
    "max_task_retries",
    "retry_exceptions",
    "_generator_backpressure_num_objects",
    "_num_objects_per_yield",
    "enable_task_events",
    "tensor_transport",
)

_METHOD_VALUES = {
    "concurrency_group": Option((str, _NONE)),
    "max_task_retries": ACTOR_OPTIONS["max_task_retries"],
    "retry_exceptions": TASK_OPTIONS["retry_exceptions"],
    "_generator_backpressure_num_objects": TASK_OPTIONS["_generator_backpressure_num_objects"],
}

REMOTE_USAGE = (
    "@ray.remote takes either nothing, as in '@ray.remote', or named options, as in "
    "'@ray.remote(num_returns=2, resources={\"CustomResource\": 1})'. The options are: "
    f"{', '.join({**TASK_OPTIONS, **ACTOR_OPTIONS})}."
)


def _validate(options: Mapping[str, Any], known: Mapping[str, Option], whose: str) -> None:
    for name, value in options.items():
        option = known.get(name)
        if option is None:
            raise ValueError(
                f"Invalid option keyword {name} for {whose}. Valid ones are {', '.join(known)}."
            )
        _check(name, value, option, option.types)
    _validate_strategy(options)
    if options.get("runtime_env"):
        from ray.runtime_env._submission import check  # it imports this package

        check(options["runtime_env"])


def _validate_strategy(options: Mapping[str, Any]) -> None:
    # Here and not in the table: the classes import this package.
    from ray.util.placement_group import PlacementGroup
    from ray.util.scheduling_strategies import (
        NodeAffinitySchedulingStrategy,
        NodeLabelSchedulingStrategy,
        PlacementGroupSchedulingStrategy,
    )

    group = options.get("placement_group", "default")
    if not (group is None or isinstance(group, (str, PlacementGroup))):
        raise TypeError(
            "The type of keyword 'placement_group' must be PlacementGroup, str or None, but "
            f"received type {type(group).__name__}: {group!r}."
        )
    strategy = options.get("scheduling_strategy")
    kinds = (
        PlacementGroupSchedulingStrategy,
        NodeAffinitySchedulingStrategy,
        NodeLabelSchedulingStrategy,
    )
    if not (strategy is None or isinstance(strategy, (str, *kinds))):
        raise TypeError(
            "The type of keyword 'scheduling_strategy' must be str, None, "
            f"{', '.join(kind.__name__ for kind in kinds)}, but received type "
            f"{type(strategy).__name__}: {strategy!r}."
        )
    if isinstance(strategy, str) and strategy not in ("DEFAULT", "SPREAD"):
        raise ValueError(
            "The option 'scheduling_strategy' as a string must be 'DEFAULT' or 'SPREAD', "
            f"got {strategy!r}."
        )
    if group not in ("default", None) and strategy is not None:
        raise ValueError(
            "Cannot take both 'placement_group' and 'scheduling_strategy'. Name the group by "
            "scheduling_strategy=PlacementGroupSchedulingStrategy(...)."
        )


def validate_task_options(
    options: Mapping[str, Any], in_options: bool, is_generator: bool | None = None
) -> None:
    """Check the options of a task.

    Args:
        options: the options that were given.
        in_options: they were given to `.options()`.
        is_generator: whether the function yields; None where that is not known.

    Raises:
        ValueError: an option is unknown or its value out of bounds.
        TypeError: a value has another type.
    """
    _validate(options, TASK_OPTIONS, "remote functions")
    if in_options and "max_calls" in options:
        raise ValueError(
            "Setting 'max_calls' is not supported in '.options()'. Give it to @ray.remote."
        )
    if is_generator is not None:
        validate_num_returns(options.get("num_returns"), is_generator)


def validate_actor_options(options: Mapping[str, Any], in_options: bool) -> None:
    """Check the options of an actor.

    Args:
        options: the options that were given.
        in_options: they were given to `.options()`.

    Raises:
        ValueError: an option is unknown or its value out of bounds.
        TypeError: a value has another type.
    """
    _validate(options, ACTOR_OPTIONS, "actors")
    if in_options and "concurrency_groups" in options:
        raise ValueError(
            "Setting 'concurrency_groups' is not supported in '.options()'. Give it to @ray.remote."
        )
    if options.get("get_if_exists") and not options.get("name"):
        raise ValueError("The actor name must be specified to use `get_if_exists`.")
    if options.get("object_store_memory") is not None:
        warnings.warn(
            "The option 'object_store_memory' of actors reserves nothing.",
            DeprecationWarning,
            stacklevel=3,
        )


def validate_method_options(options: Mapping[str, Any]) -> None:
    """Check the values of a method's options, `num_returns` apart.

    Raises:
        ValueError: a value is out of bounds.
        TypeError: a value has another type.
    """
    for name, value in options.items():
        option = _METHOD_VALUES.get(name)
        if option is None or value is None:
            continue
        _check(name, value, option, [kind for kind in option.types if kind is not _NONE])


def _check(name: str, value: Any, option: Option, told: Sequence[type]) -> None:
    """Raise where a value has none of its option's types, or a fault; ``told``: types to name."""
    if not isinstance(value, option.types):
        wanted = " or ".join("None" if kind is _NONE else kind.__name__ for kind in told)
        raise TypeError(
            f"The type of keyword '{name}' must be {wanted}, but received type "
            f"{type(value).__name__}: {value!r}."
        )
    fault = option.check(value) if option.check else None
    if fault:
        raise ValueError(fault)


def validate_num_returns(num_returns: Any, is_generator: bool) -> None:
    """Check `num_returns` against the function it is for.

    Raises:
        ValueError: it is negative, or streaming for a function that does not yield.
    """
    fault = _check_num_returns(num_returns)
    if fault:
        raise ValueError(fault)
    if num_returns in ("streaming", "dynamic") and not is_generator:
        raise ValueError(
            f"num_returns={num_returns!r} is for generator functions, and this one does not yield."
        )


def required_resources(options: Mapping[str, Any]) -> dict[str, float]:
    """Return the amounts that the options ask for, without defaults."""
    amounts: dict[str, float] = dict(options.get("resources") or {})
    for option, name in (("num_cpus", "CPU"), ("num_gpus", "GPU"), ("memory", "memory")):
        if options.get(option) is not None:
            amounts[name] = options[option]
    if options.get("accelerator_type") is not None:
        amounts[f"accelerator_type:{options['accelerator_type']}"] = 0.001
    return amounts
