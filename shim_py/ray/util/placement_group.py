"""Placement groups: bundles of resources that are reserved together, or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from ray._core.ids import PlacementGroupID
from ray._core.object_ref import ObjectRef
from ray._private.absent import refuse
from ray._private.amounts import as_floats, to_units
from ray._private.state import query
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

VALID_PLACEMENT_GROUP_STRATEGIES = frozenset({"PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"})


def _session() -> Any:
    from ray._core import client

    return client.session()


class PlacementGroup:
    """A handle to a placement group; may be copied and pickled by anyone.

    Attributes:
        id: its id.
    """

    @staticmethod
    def empty() -> PlacementGroup:
        """Return the handle that stands for no group."""
        return PlacementGroup(PlacementGroupID.nil())

    def __init__(
        self, id: PlacementGroupID, bundle_cache: list[dict[str, float]] | None = None
    ) -> None:
        self.id = id
        self.bundle_cache = bundle_cache

    @property
    def is_empty(self) -> bool:
        """Whether it stands for no group."""
        return bool(self.id.is_nil())

    def ready(self) -> ObjectRef[PlacementGroup]:
        """Return a reference that is ready once the group is reserved; its value is the group."""
        if self.is_empty:
            reference: ObjectRef[PlacementGroup] = _session().put(self)
        else:
            reference = _session().group_ready_ref(self.id)
        return reference

    def wait(self, timeout_seconds: float = 30) -> bool:
        """Wait until the group is reserved.

        Args:
            timeout_seconds: how long; -1 for without limit.

        Returns:
            Whether it is.
        """
        timeout = None if timeout_seconds < 0 else timeout_seconds
        done, _ = _session().wait([self.ready()], 1, timeout)
        return bool(done) and _state_of(self.id) == "CREATED"

    @property
    def bundle_specs(self) -> list[dict[str, float]]:
        """The bundles, as they were asked for."""
        if not self.bundle_cache:
            entry = placement_group_table(self)
            self.bundle_cache = list(entry.get("bundles", {}).values())
        return self.bundle_cache

    @property
    def bundle_count(self) -> int:
        """How many bundles it has."""
        return len(self.bundle_specs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlacementGroup) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)


def placement_group(
    bundles: list[dict[str, float]],
    strategy: str | None = None,
    name: str = "",
    lifetime: str | None = None,
    _soft_target_node_id: str | None = None,
    bundle_label_selector: list[dict[str, str]] | None = None,
    topology_strategy: dict[str, str] | None = None,
) -> PlacementGroup:
    """Ask for a placement group; returns at once, see `PlacementGroup.ready`.

    Args:
        bundles: what to reserve together, each bundle on one node.
        strategy: PACK (few nodes, the default), SPREAD (many), STRICT_PACK (one node) or
            STRICT_SPREAD (a node for each bundle).
        bundle_label_selector: label selectors of the nodes, one for each bundle.
        name: a name for `get_placement_group`.
        lifetime: None: it ends with its creator; "detached": it stays until it is removed.

    Raises:
        ValueError: an argument is malformed.
        TypeError: the name is no string.
        NotImplementedError: topologies are not there yet.
    """
    validate_placement_group(
        bundles,
        strategy,
        lifetime,
        _soft_target_node_id,
        bundle_label_selector,
        topology_strategy,
    )
    _check_name(name)
    session = _session()
    # The id is made here, so that the request may be sent again without making a second group.
    pg_id = PlacementGroupID.of(session.job_id)
    session.request(
        "group.create",
        {
            "pg_id": pg_id.hex(),
            "strategy": strategy or "PACK",
            "bundles": [to_units(bundle) for bundle in bundles],
            "detached": lifetime == "detached",
            "name": name,
            **({"selectors": bundle_label_selector} if bundle_label_selector else {}),
        },
    )
    cache = [{key: float(value) for key, value in bundle.items()} for bundle in bundles]
    return PlacementGroup(pg_id, bundle_cache=cache)


def validate_placement_group(
    bundles: Any,
    strategy: str | None = None,
    lifetime: str | None = None,
    _soft_target_node_id: str | None = None,
    bundle_label_selector: list[dict[str, str]] | None = None,
    topology_strategy: dict[str, str] | None = None,
) -> None:
    """Check the arguments of `placement_group`.

    Raises:
        ValueError: an argument is malformed.
        UnsupportedFeature: label selectors and topologies are not there yet.
    """
    if strategy is not None and strategy not in VALID_PLACEMENT_GROUP_STRATEGIES:
        raise ValueError(
            f"Invalid placement group strategy {strategy}. Supported strategies are: "
            f"{', '.join(sorted(VALID_PLACEMENT_GROUP_STRATEGIES))}."
        )
    if lifetime not in (None, "detached"):
        raise ValueError(
            "Placement group `lifetime` argument must be either `None` or 'detached'. "
            f"Got {lifetime}."
        )
    form = 'a non-empty list of resource dictionaries, as in [{"CPU": 1.0}, {"GPU": 1.0}]'
    if not isinstance(bundles, list) or not bundles:
        raise ValueError(f"Placement group bundles must be {form}, got {bundles!r}.")
    for index, bundle in enumerate(bundles):
        if not isinstance(bundle, dict) or not all(
            isinstance(key, str) and isinstance(value, (int, float)) and not isinstance(value, bool)
            for key, value in bundle.items()
        ):
            raise ValueError(f"Bundles must be {form}, got {bundle!r} as bundle {index}.")
        if not any(bundle.values()):
            raise ValueError(
                "Bundles cannot be an empty dictionary or resources with only 0 values. "
                f"Bundle {index} is {bundle!r} in {bundles!r}."
            )
        to_units(bundle)
        gpus = bundle.get("GPU", 0)
        if gpus > 1 and gpus != int(gpus):
            raise ValueError(
                f"A bundle's GPU must be whole above 1, got {gpus} in bundle {index}. "
                "Fractions share one device."
            )
        if "object_store_memory" in bundle:
            warnings.warn(
                "object_store_memory in a bundle reserves nothing but the number.",
                DeprecationWarning,
                stacklevel=3,
            )
    if topology_strategy is not None:
        refuse("topology_strategy", "Give strategy= instead.")
    _validate_selectors(bundles, bundle_label_selector)


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"The name of a placement group must be a string, got {name!r}.")


def _validate_selectors(bundles: list[dict[str, float]], selectors: Any) -> None:
    if selectors is None:
        return
    if not isinstance(selectors, list):
        raise ValueError(
            "Placement group bundle_label_selector must be a list of dictionaries, got "
            f"{type(selectors).__name__}."
        )
    if len(selectors) != len(bundles):
        raise ValueError(
            f"Invalid bundle label selector {selectors}. The length of `bundle_label_selector` "
            f"should equal the length of `bundles`, which is {len(bundles)}."
        )
    for selector in selectors:
        if not isinstance(selector, dict) or not all(
            isinstance(key, str) and isinstance(value, str) for key, value in selector.items()
        ):
            raise ValueError(
                "Bundle label selectors must be dictionaries of strings, as in "
                f'{{"ray.io/accelerator-type": "H100"}}, got {selector!r}.'
            )


def remove_placement_group(placement_group: PlacementGroup) -> None:
    """Remove the group; what runs in it is killed and what it held is free."""
    _session().request("group.remove", {"pg_id": placement_group.id.hex()})


def get_placement_group(placement_group_name: str) -> PlacementGroup:
    """Return the group of this name.

    Raises:
        ValueError: there is none.
        TypeError: the name is no string.
    """
    if not placement_group_name:
        raise ValueError("Please supply a non-empty value to get_placement_group")
    _check_name(placement_group_name)
    found = [
        group
        for group in _groups({"name": placement_group_name})
        if group["state"] != "REMOVED" and group.get("name") == placement_group_name
    ]
    if not found:
        raise ValueError(
            f"Failed to look up placement group with name: {placement_group_name}. "
            "No group of this name is there."
        )
    return PlacementGroup(PlacementGroupID.from_hex(found[-1]["pg_id"]))


def placement_group_table(placement_group: PlacementGroup | None = None) -> dict[str, Any]:
    """Return what is known of a group; without one, of all groups by their ids in hex.

    Returns:
        Keys `placement_group_id`, `name`, `bundles` and `bundles_to_node_id` (by index; an empty
        string for a bundle that has no node), `strategy`, `state`, `stats`. {} for a group that
        nobody knows.
    """
    if placement_group is None:
        return {group["pg_id"]: _table_entry(group) for group in _groups({})}
    wanted = placement_group.id.hex()
    for group in _groups({"pg_id": wanted}):
        if group["pg_id"] == wanted:
            return _table_entry(group)
    return {}


def _groups(fields: dict[str, Any]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = query("query.groups", fields)
    return groups


def _state_of(pg_id: PlacementGroupID) -> str:
    return "".join(group["state"] for group in _groups({"pg_id": pg_id.hex()}))


def _table_entry(group: Mapping[str, Any]) -> dict[str, Any]:
    requested, created = group.get("requested_at"), group.get("created_at")
    latency = float(created - requested) if created and requested else 0.0
    return {
        "placement_group_id": group["pg_id"],
        "name": group.get("name") or "",
        "bundles": dict(enumerate(map(as_floats, group["bundles"]))),
        "bundles_to_node_id": dict(enumerate(group["nodes"])),
        "strategy": group["strategy"],
        "state": group["state"],
        "stats": {
            "end_to_end_creation_latency_ms": latency,
            "scheduling_latency_ms": latency,
            "scheduling_attempt": group["attempts"],
            "highest_retry_delay_ms": 0.0,
            "scheduling_state": group["scheduling_state"],
        },
    }


def get_current_placement_group() -> PlacementGroup | None:
    """Return the group that this actor or task runs in; None in a driver and outside of groups."""
    from ray._core import client

    if not client.is_connected():
        return None
    place = current_place()
    if place is None:
        return None
    return PlacementGroup(PlacementGroupID.from_hex(place["pg_id"]))


def current_place() -> dict[str, Any] | None:
    """Return the group of this worker (`pg_id`, `bundle_index`, `capture`), or None."""
    assignment = _session().assignment
    place: dict[str, Any] | None = None if assignment is None else assignment.pg
    return place


def check_placement_group_index(placement_group: PlacementGroup, bundle_index: int) -> None:
    """Check a bundle's index.

    Raises:
        ValueError: the group has no such bundle.
    """
    if placement_group.is_empty:
        if bundle_index != -1:
            raise ValueError(
                f"Without a placement group the bundle index is -1, not {bundle_index}."
            )
    elif not -1 <= bundle_index < placement_group.bundle_count:
        raise ValueError(
            f"placement group bundle index {bundle_index} is invalid. Valid placement group "
            f"indexes: 0-{placement_group.bundle_count - 1}, or -1 for any."
        )


def choose_group(options: Mapping[str, Any]) -> tuple[PlacementGroup, int, bool]:
    """Return the group, the bundle's index and the capture that options of a call amount to.

    Raises:
        ValueError: the group has no such bundle.
    """
    strategy = options.get("scheduling_strategy")
    chosen: Any = options.get("placement_group", "default")
    index = options.get("placement_group_bundle_index", -1)
    capture = options.get("placement_group_capture_child_tasks")
    if isinstance(strategy, PlacementGroupSchedulingStrategy):
        chosen = strategy.placement_group
        index = strategy.placement_group_bundle_index
        capture = strategy.placement_group_capture_child_tasks
    elif strategy is not None:
        return PlacementGroup.empty(), -1, False
    inherited = current_place()
    if capture is None:
        capture = bool(inherited and inherited["capture"])
    if chosen == "default":
        taken = inherited if capture else None
        chosen = taken and PlacementGroup(PlacementGroupID.from_hex(taken["pg_id"]))
    group: PlacementGroup = chosen or PlacementGroup.empty()
    check_placement_group_index(group, index)
    return group, index, bool(capture)


def check_fits(
    group: PlacementGroup, index: int, amounts: Mapping[str, float], what: str, why: str
) -> None:
    """Check that some bundle, or the one of `index`, could hold the amounts when it is empty.

    Raises:
        ValueError: none could.
    """
    bundles = group.bundle_specs
    tried = bundles if index == -1 else [bundles[index]]
    for bundle in tried:
        if all(bundle.get(name, 0) >= amount for name, amount in amounts.items()):
            return
    where = "any bundle" if index == -1 else f"bundle {index}"
    raise ValueError(
        f"Cannot schedule {what} with the placement group because {why} {dict(amounts)} cannot "
        f"fit into {where} of {bundles}."
    )


__all__ = [
    "VALID_PLACEMENT_GROUP_STRATEGIES",
    "PlacementGroup",
    "PlacementGroupSchedulingStrategy",
    "check_placement_group_index",
    "get_current_placement_group",
    "get_placement_group",
    "placement_group",
    "placement_group_table",
    "remove_placement_group",
    "validate_placement_group",
]
