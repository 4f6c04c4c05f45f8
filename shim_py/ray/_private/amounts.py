"""Amounts of resources: floats for users, whole numbers of 1/10000 in requests.

What the head answers about them (its views) holds floats already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

UNIT = 10_000


def to_units(amounts: Mapping[str, float]) -> dict[str, int]:
    """Return the amounts in units; amounts of 0 are left out.

    Raises:
        ValueError: an amount is negative, not finite, or smaller than 1/10000.
    """
    units = {}
    for name, amount in amounts.items():
        if not 0 <= amount < float("inf"):
            raise ValueError(
                f"The amount of a resource must be a finite number of at least 0, got {amount!r} "
                f"of {name!r}."
            )
        counted = round(amount * UNIT)
        if amount > 0 and counted == 0:
            raise ValueError(
                f"The smallest amount of a resource is 0.0001, got {amount!r} of {name!r}."
            )
        if counted:
            units[name] = counted
    return units


def to_floats(units: Mapping[str, float]) -> dict[str, float]:
    """Return amounts in units as floats."""
    return {name: amount / UNIT for name, amount in units.items()}


def as_floats(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return amounts of an answer, where whole ones arrive as integers, as floats."""
    return {name: float(amount) for name, amount in amounts.items()}


def sum_amounts(many: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the sums by resource, exact to 1/10000."""
    units: dict[str, int] = {}
    for amounts in many:
        for name, amount in amounts.items():
            units[name] = units.get(name, 0) + round(amount * UNIT)
    return {name: amount / UNIT for name, amount in units.items()}
