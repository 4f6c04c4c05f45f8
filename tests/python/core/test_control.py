"""Requests to the daemon with values that no message can carry: refused here, one by one."""

from __future__ import annotations

from typing import Any

import pytest

LIMIT = 20.0


def deep(levels: int) -> dict[str, Any]:
    """A map in a map in a map."""
    return {"a": deep(levels - 1)} if levels else {}


class Shown:
    """An actor whose own words are those of a file's name that is no UTF-8."""

    def __repr__(self) -> str:
        return "name \udcff"

    def answer(self) -> int:
        return 1


def test_what_no_message_can_carry_is_refused_alone(ray: Any) -> None:
    actor = ray.remote(Shown).remote()
    task = ray.remote(lambda: 1)
    placement_group = ray.util.placement_group
    # The daemon ends the connection for such a header: with it went all that the driver had.
    for wrong in (
        lambda: ray.get(task.options(label_selector={"__proto__": "x"}).remote(), timeout=LIMIT),
        lambda: ray.get(task.options(runtime_env={"x": deep(60)}).remote(), timeout=LIMIT),
        lambda: placement_group([{"__proto__": 1}]),
        lambda: placement_group([{"CPU": 2**60}]),
        lambda: ray.get(ray.remote(Shown).options(max_restarts=2**60).remote().answer.remote()),
        lambda: ray.get_actor("\udcff"),
    ):
        with pytest.raises(ray.exceptions.RayError, match=r"[Cc]annot send"):
            wrong()
        assert ray.get(actor.answer.remote(), timeout=LIMIT) == 1
