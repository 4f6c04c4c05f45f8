"""Collective calls among actors: `ray.util.collective` with gloo, where torch is there."""

from __future__ import annotations

import os
from typing import Any

import pytest
import ray

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
if os.environ.get("CONFORMANCE") == "ray":
    # Ray imports it with the package.
    pytest.importorskip("aiohttp")

from ray.util import collective  # noqa: E402
from ray.util.collective.types import Backend, ReduceOp  # noqa: E402

WORLD = 2


@ray.remote(num_cpus=0)
class Member:
    def __init__(self) -> None:
        import torch

        self.torch = torch

    def join(self, rank: int, name: str) -> int:
        collective.init_collective_group(WORLD, rank, backend="gloo", group_name=name)
        return collective.get_rank(name)

    def leave(self, name: str) -> bool:
        collective.destroy_collective_group(name)
        return collective.is_group_initialized(name)

    def facts(self, name: str) -> tuple[bool, int, int]:
        initialized = collective.is_group_initialized(name)
        return initialized, collective.get_rank(name), collective.get_collective_group_size(name)

    def allreduce(self, name: str, value: float, op: ReduceOp) -> list[float]:
        tensor = self.torch.full((3,), value)
        collective.allreduce(tensor, group_name=name, op=op)
        return tensor.tolist()

    def allreduce_array(self, name: str, value: float) -> Any:
        array = np.full(3, value, dtype=np.float32)
        collective.allreduce(array, group_name=name)
        return array

    def reduce(self, name: str, value: float, to: int) -> list[float]:
        tensor = self.torch.full((2,), value)
        collective.reduce(tensor, dst_rank=to, group_name=name)
        return tensor.tolist()

    def broadcast(self, name: str, value: float, source: int) -> list[float]:
        tensor = self.torch.full((2,), value)
        collective.broadcast(tensor, src_rank=source, group_name=name)
        return tensor.tolist()

    def allgather(self, name: str, value: float) -> list[list[float]]:
        into = [self.torch.zeros(2) for _ in range(WORLD)]
        collective.allgather(into, self.torch.full((2,), value), group_name=name)
        return [each.tolist() for each in into]

    def reducescatter(self, name: str, value: float) -> list[float]:
        parts = [self.torch.full((2,), value + rank * 10) for rank in range(WORLD)]
        own = self.torch.zeros(2)
        collective.reducescatter(own, parts, group_name=name)
        return own.tolist()

    def send(self, name: str, value: float, to: int) -> None:
        collective.send(self.torch.full((4,), value), to, group_name=name)

    def recv(self, name: str, source: int) -> list[float]:
        tensor = self.torch.zeros(4)
        collective.recv(tensor, source, group_name=name)
        return tensor.tolist()

    def barrier(self, name: str) -> bool:
        collective.barrier(name)
        return True

    def wrong(self, what: str, name: str) -> None:
        tensor = self.torch.zeros(1)
        if what == "type":
            collective.allreduce([1.0], group_name=name)
        elif what == "rank":
            collective.broadcast(tensor, src_rank=5, group_name=name)
        elif what == "self":
            collective.send(tensor, collective.get_rank(name), group_name=name)
        elif what == "length":
            collective.allgather([tensor], tensor, group_name=name)
        elif what == "twice":
            collective.init_collective_group(WORLD, 0, backend="gloo", group_name=name)


@pytest.fixture(scope="module")
def members() -> Any:
    made = [Member.remote() for _ in range(WORLD)]
    joined = [member.join.remote(rank, "default") for rank, member in enumerate(made)]
    assert ray.get(joined, timeout=120) == [0, 1]
    yield made
    for member in made:
        ray.kill(member)


def both(members: Any, method: str, *values: Any) -> Any:
    return ray.get([getattr(member, method).remote(*values) for member in members], timeout=60)


def test_membership(members: Any) -> None:
    assert both(members, "facts", "default") == [(True, 0, 2), (True, 1, 2)]
    assert both(members, "facts", "other") == [(False, -1, -1)] * 2


@pytest.mark.parametrize(
    ("op", "value"),
    [(ReduceOp.SUM, 5.0), (ReduceOp.PRODUCT, 6.0), (ReduceOp.MIN, 2.0), (ReduceOp.MAX, 3.0)],
)
def test_allreduce(members: Any, op: ReduceOp, value: float) -> None:
    refs = [member.allreduce.remote("default", own, op) for member, own in zip(members, (2.0, 3.0))]
    assert ray.get(refs, timeout=60) == [[value] * 3] * 2


def test_arrays(members: Any) -> None:
    found = both(members, "allreduce_array", "default", 2.0)
    assert [each.tolist() for each in found] == [[4.0] * 3] * 2


def test_reduce(members: Any) -> None:
    found = both(members, "reduce", "default", 2.0, 1)
    assert found[1] == [4.0, 4.0]
    assert found[0] == [2.0, 2.0]


def test_broadcast(members: Any) -> None:
    refs = [member.broadcast.remote("default", own, 1) for member, own in zip(members, (2.0, 3.0))]
    assert ray.get(refs, timeout=60) == [[3.0, 3.0]] * 2


def test_allgather(members: Any) -> None:
    refs = [member.allgather.remote("default", own) for member, own in zip(members, (2.0, 3.0))]
    assert ray.get(refs, timeout=60) == [[[2.0, 2.0], [3.0, 3.0]]] * 2


def test_reducescatter(members: Any) -> None:
    assert both(members, "reducescatter", "default", 1.0) == [[2.0, 2.0], [22.0, 22.0]]


def test_send_and_recv(members: Any) -> None:
    sent = members[0].send.remote("default", 7.0, 1)
    assert ray.get(members[1].recv.remote("default", 0), timeout=60) == [7.0] * 4
    ray.get(sent, timeout=60)


def test_barrier(members: Any) -> None:
    assert both(members, "barrier", "default") == [True, True]


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("type", RuntimeError),
        ("rank", ValueError),
        ("self", RuntimeError),
        ("length", RuntimeError),
        ("twice", RuntimeError),
    ],
)
def test_wrong_use(members: Any, what: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        ray.get(members[0].wrong.remote(what, "default"), timeout=60)


def test_a_declared_group() -> None:
    made = [Member.remote() for _ in range(WORLD)]
    collective.create_collective_group(
        made, WORLD, [1, 0], backend=Backend.GLOO, group_name="declared"
    )
    refs = [member.allgather.remote("declared", own) for member, own in zip(made, (2.0, 3.0))]
    assert ray.get(refs, timeout=120) == [[[3.0, 3.0], [2.0, 2.0]]] * 2
    assert both(made, "facts", "declared") == [(True, 1, 2), (True, 0, 2)]
    with pytest.raises(RuntimeError, match="twice"):
        collective.create_collective_group(made, WORLD, [0, 1], "gloo", "declared")
    assert both(made, "leave", "declared") == [False, False]
    for member in made:
        ray.kill(member)


def test_what_cannot_be_declared() -> None:
    with pytest.raises(RuntimeError, match="rank"):
        collective.create_collective_group([], WORLD, [0], "gloo", "none")
    with pytest.raises(RuntimeError, match="permutation"):
        collective.create_collective_group(
            [Member.remote(), Member.remote()], WORLD, [1, 2], "gloo", "none"
        )


def test_drivers_have_no_groups() -> None:
    with pytest.raises(RuntimeError, match="inside a Ray actor or task"):
        collective.init_collective_group(1, 0, "gloo")
    assert collective.gloo_available()
