"""What an expression is known to be: a name of `ray`, an instance of a class, a dict's keys."""

from __future__ import annotations

import dataclasses
from typing import Union

HANDLE = "ray.actor.ActorHandle"
METHOD = "ray.actor.ActorMethod"
ACTOR_CLASS = "ray.actor.ActorClass"
FUNCTION = "ray.remote_function.RemoteFunction"
REF = "ray.ObjectRef"
GROUP = "ray.util.placement_group.PlacementGroup"
CONTEXT = "ray.runtime_context.RuntimeContext"
RUNTIME_ENV = "ray.runtime_env.RuntimeEnv"


@dataclasses.dataclass(frozen=True)
class Name:
    """A module, class, function or constant of `ray`, by its dotted name."""

    dotted: str


@dataclasses.dataclass(frozen=True)
class Instance:
    """Something of a class of `ray`, by the class's dotted name."""

    of: str


@dataclasses.dataclass(frozen=True)
class Member:
    """An attribute of such an instance, not yet called."""

    of: str
    name: str


@dataclasses.dataclass(frozen=True)
class Local:
    """A class or function that the file itself defines."""

    is_class: bool


@dataclasses.dataclass(frozen=True)
class Decorator:
    """`ray.remote(…)` with options, which waits for its class or function."""


@dataclasses.dataclass
class Keys:
    """A dict with the keys that are written out, and the line of each; they may grow."""

    lines: dict[str, int]
    values: dict[str, Value] = dataclasses.field(default_factory=dict)


Value = Union[Name, Instance, Member, Local, Decorator, Keys, None]

# The same thing under two names.
ALIASES = {
    "ray.ActorClass": ACTOR_CLASS,
    "ray.ActorHandle": HANDLE,
    "ray.ActorMethod": METHOD,
    "ray.RemoteFunction": FUNCTION,
    "ray.actor.ActorProxy": HANDLE,
    "ray.actor.exit_actor": "ray.actor.exit_actor",
    "ray.get_runtime_context": "ray.runtime_context.get_runtime_context",
    "ray.runtime_env.runtime_env.RuntimeEnv": RUNTIME_ENV,
    "ray.types.ObjectRef": REF,
    "ray.util.ActorPool": "ray.util.actor_pool.ActorPool",
    "ray.util.get_current_placement_group": "ray.util.placement_group.get_current_placement_group",
    "ray.util.get_placement_group": "ray.util.placement_group.get_placement_group",
    "ray.actor.method": "ray.method",
}

# What a call gives back, by the function's name.
_RESULTS = {
    "ray.get_actor": HANDLE,
    "ray.actor.get_actor": HANDLE,
    "ray.init": "ray.RayContext",
    "ray.put": REF,
    RUNTIME_ENV: RUNTIME_ENV,
    "ray.runtime_context.get_runtime_context": CONTEXT,
    # The function hides the module of its name.
    "ray.util.placement_group": GROUP,
    "ray.util.placement_group.placement_group": GROUP,
    "ray.util.placement_group.get_current_placement_group": GROUP,
    "ray.util.placement_group.get_placement_group": GROUP,
}
_MEMBER_RESULTS = {
    (ACTOR_CLASS, "options"): ACTOR_CLASS,
    (ACTOR_CLASS, "remote"): HANDLE,
    (ACTOR_CLASS, "_remote"): HANDLE,
    (FUNCTION, "options"): FUNCTION,
    (FUNCTION, "remote"): REF,
    (FUNCTION, "_remote"): REF,
    (METHOD, "options"): METHOD,
    (METHOD, "remote"): REF,
    (METHOD, "_remote"): REF,
    (GROUP, "ready"): REF,
}
_ATTRIBUTES = {
    (GROUP, "id"): "ray.PlacementGroupID",
    (HANDLE, "_actor_id"): "ray.ActorID",
    (CONTEXT, "current_actor"): HANDLE,
}


def canonical(dotted: str) -> str:
    """Return the one name that tables and rules use for what has several."""
    return ALIASES.get(dotted, dotted)


def result_of(called: Value, classes: frozenset[str]) -> Value:
    """Return what a call of this value gives back, None where nothing is known.

    Args:
        called: the value.
        classes: the classes whose members are known.
    """
    if isinstance(called, Name):
        dotted = canonical(called.dotted)
        if dotted in ("ray.remote",):
            return Decorator()
        if dotted in classes:
            return Instance(dotted)
        of = _RESULTS.get(dotted)
        return Instance(of) if of else None
    if isinstance(called, Member):
        of = _MEMBER_RESULTS.get((called.of, called.name))
        return Instance(of) if of else None
    return None


def attribute_of(instance: Instance, name: str) -> Value:
    """Return what `instance.name` is; of a handle every public name is a method of the user's."""
    of = _ATTRIBUTES.get((instance.of, name))
    if of is None and instance.of == HANDLE and (name.startswith("__ray_") or name[0] != "_"):
        of = METHOD
    return Instance(of) if of else Member(instance.of, name)


def made_remote(definition: Value) -> Value:
    """Return what `ray.remote` makes of a class or function of the file."""
    if isinstance(definition, Local):
        return Instance(ACTOR_CLASS if definition.is_class else FUNCTION)
    return None
