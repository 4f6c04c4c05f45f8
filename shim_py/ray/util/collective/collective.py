"""Collective calls among actors and tasks, over torch.distributed."""

from __future__ import annotations

import threading
from typing import Any, NoReturn

from ray._private.absent import refuse
from ray.util.collective import _rendezvous, backend_registry
from ray.util.collective._checks import check_rank, check_tensor, check_tensors, check_worker
from ray.util.collective.collective_group.base_collective_group import BaseGroup
from ray.util.collective.types import (
    AllGatherOptions,
    AllReduceOptions,
    Backend,
    BarrierOptions,
    BroadcastOptions,
    RecvOptions,
    ReduceOp,
    ReduceOptions,
    ReduceScatterOptions,
    SendOptions,
)

_groups: dict[str, BaseGroup] = {}
_lock = threading.RLock()


def nccl_available() -> bool:
    """Return whether NCCL and a GPU can be used in this process."""
    return backend_registry.is_available("NCCL")


def gloo_available() -> bool:
    """Return whether gloo can be used in this process."""
    return backend_registry.is_available("GLOO")


def is_backend_available(backend: str) -> bool:
    """Return whether a backend can be used in this process."""
    return backend_registry.is_available(_known(backend))


def _known(backend: str) -> str:
    upper = backend.upper()
    return Backend.GLOO if upper == "TORCH_GLOO" else upper


# ── groups ───────────────────────────────────────────────────────────────────────────────────


def is_group_initialized(group_name: str) -> bool:
    """Return whether this process has joined the group."""
    with _lock:
        return group_name in _groups


def init_collective_group(
    world_size: int,
    rank: int,
    backend: str = Backend.NCCL,
    group_name: str = "default",
    gloo_timeout: int = 30000,
) -> None:
    """Join a group, in an actor or task; waits for rank 0.

    Args:
        world_size: how many processes join.
        rank: which of them this one is, from 0.
        backend: nccl or gloo, or one that was registered.
        group_name: the group's name.
        gloo_timeout: milliseconds that the others may take.

    Raises:
        RuntimeError: this process is a driver; it has joined already; the backend cannot be used.
        ValueError: the group has no name, or there is no such backend.
        TimeoutError: rank 0 did not come in time.
    """
    check_worker()
    if not group_name:
        raise ValueError(f"group_name '{group_name}' needs to be a string.")
    with _lock:
        if group_name in _groups:
            raise RuntimeError("Trying to initialize a group a second time.")
        assert world_size > 0
        assert 0 <= rank < world_size
        _join(world_size, rank, backend, group_name, gloo_timeout)


def _join(world_size: int, rank: int, backend: str, group_name: str, timeout: int) -> BaseGroup:
    name = _known(backend)
    group_class: Any = backend_registry.group_class(name)
    if not group_class.check_backend_availability():
        raise RuntimeError(f"Backend {name} is not available. Please check the installation.")
    group: BaseGroup
    if name in (Backend.GLOO, Backend.NCCL):
        group = group_class(world_size, rank, group_name, timeout)
    else:
        group = group_class(world_size, rank, group_name)
    _groups[group_name] = group
    return group


def create_collective_group(
    actors: list[Any],
    world_size: int,
    ranks: list[int],
    backend: str = Backend.NCCL,
    group_name: str = "default",
    gloo_timeout: int = 30000,
) -> None:
    """Declare a group of actors, from outside; they join with their first collective call.

    Args:
        actors: the actors.
        world_size: how many they are.
        ranks: which rank each has.
        backend: nccl or gloo, or one that was registered.
        group_name: the group's name.
        gloo_timeout: milliseconds that the others may take.

    Raises:
        RuntimeError: there is such a group; the ranks are not 0 to the number of actors; there
            is no such backend, or it cannot be used here.
    """
    import ray

    if _rendezvous.find_board(group_name) is not None:
        raise RuntimeError("Trying to initialize a group twice.")
    if len(ranks) != len(actors):
        raise RuntimeError(
            "Each actor should correspond to one rank. "
            f"Got '{len(ranks)}' ranks but '{len(actors)}' actors"
        )
    if set(ranks) != set(range(len(ranks))):
        shown = "".join(str(rank) for rank in ranks)
        raise RuntimeError(f"Ranks must be a permutation from 0 to '{len(ranks)}'. Got '{shown}'.")
    if world_size <= 0:
        raise RuntimeError(f"World size must be greater than zero. Got '{world_size}'.")
    if len(ranks) > world_size:
        raise RuntimeError("Ranks cannot be greater than world_size.")
    name = _known(backend)
    if not backend_registry.is_registered(name):
        raise RuntimeError(
            f"Backend {name} is not registered. Please register it using "
            f"register_collective_backend('{name}', YourBackendClass)."
        )
    # Whether it can be used is for the actors to say: this process may be on a machine without.
    ids = [actor._actor_id.hex() for actor in actors]
    board = _rendezvous.make_board(group_name)
    ray.get(board.declare.remote(ids, list(ranks), world_size, name, gloo_timeout))


def destroy_collective_group(group_name: str = "default") -> None:
    """Leave a group and give up what it has opened; nothing happens where there is none.

    Raises:
        RuntimeError: this process is a driver.
    """
    check_worker()
    with _lock:
        group = _groups.pop(group_name, None)
    if group is not None:
        group.destroy_group()


def get_rank(group_name: str = "default") -> int:
    """Return this process's rank in the group, -1 where it has not joined.

    Raises:
        RuntimeError: this process is a driver.
    """
    check_worker()
    with _lock:
        group = _groups.get(group_name)
    return -1 if group is None else group.rank


def get_collective_group_size(group_name: str = "default") -> int:
    """Return how many processes the group has, -1 where this one has not joined.

    Raises:
        RuntimeError: this process is a driver.
    """
    check_worker()
    with _lock:
        group = _groups.get(group_name)
    return -1 if group is None else group.world_size


def get_group_handle(group_name: str = "default") -> BaseGroup:
    """Return the group; joins it where it was declared by `create_collective_group`.

    Raises:
        RuntimeError: this process is a driver, or not of this group.
    """
    check_worker()
    with _lock:
        group = _groups.get(group_name)
        return _join_declared(group_name) if group is None else group


def _join_declared(group_name: str) -> BaseGroup:
    import ray

    board = _rendezvous.find_board(group_name)
    declared = None if board is None else ray.get(board.members.remote())
    actor_id = ray.get_runtime_context().get_actor_id()
    if declared is None or actor_id not in declared[0]:
        raise RuntimeError(
            f"The collective group '{group_name}' is not initialized in the process."
        )
    ids, ranks, world_size, backend, timeout = declared
    return _join(world_size, ranks[ids.index(actor_id)], backend, group_name, timeout)


# ── calls ────────────────────────────────────────────────────────────────────────────────────


def allreduce(tensor: Any, group_name: str = "default", op: ReduceOp = ReduceOp.SUM) -> None:
    """Put the processes' tensors together, in place and everywhere.

    Args:
        tensor: a torch tensor or numpy array.
        group_name: the group's name.
        op: how.

    Raises:
        RuntimeError: it is no tensor, or this process is not of the group.
    """
    check_tensor(tensor)
    get_group_handle(group_name).allreduce([tensor], AllReduceOptions(op))


def barrier(group_name: str = "default") -> None:
    """Wait until all processes are here.

    Raises:
        RuntimeError: this process is not of the group.
    """
    get_group_handle(group_name).barrier(BarrierOptions())


def reduce(
    tensor: Any, dst_rank: int = 0, group_name: str = "default", op: ReduceOp = ReduceOp.SUM
) -> None:
    """Put the processes' tensors together, in place, in the process `dst_rank`.

    Raises:
        RuntimeError: see `allreduce`.
        ValueError: there is no such rank.
    """
    check_tensor(tensor)
    group = get_group_handle(group_name)
    check_rank(group, dst_rank)
    group.reduce([tensor], ReduceOptions(op, dst_rank))


def broadcast(tensor: Any, src_rank: int = 0, group_name: str = "default") -> None:
    """Bring the tensor of the process `src_rank` to all, in place.

    Raises:
        RuntimeError: see `allreduce`.
        ValueError: there is no such rank.
    """
    check_tensor(tensor)
    group = get_group_handle(group_name)
    check_rank(group, src_rank)
    group.broadcast([tensor], BroadcastOptions(src_rank))


def allgather(tensor_list: list[Any], tensor: Any, group_name: str = "default") -> None:
    """Bring each process's tensor to all.

    Args:
        tensor_list: where they go, one for each process.
        tensor: this process's own.
        group_name: the group's name.

    Raises:
        RuntimeError: see `allreduce`; or the list has another length.
    """
    check_tensor(tensor)
    check_tensors(tensor_list)
    group = get_group_handle(group_name)
    if len(tensor_list) != group.world_size:
        raise RuntimeError(
            "The length of the tensor list operands to allgather must be equal to world_size."
        )
    group.allgather([tensor_list], [tensor], AllGatherOptions())


def reducescatter(
    tensor: Any,
    tensor_list: list[Any],
    group_name: str = "default",
    op: ReduceOp = ReduceOp.SUM,
) -> None:
    """Put the processes' lists together; each process gets the element of its rank.

    Args:
        tensor: where that goes.
        tensor_list: this process's list.
        group_name: the group's name.
        op: how.

    Raises:
        RuntimeError: see `allreduce`; or the list has another length.
    """
    check_tensor(tensor)
    check_tensors(tensor_list)
    group = get_group_handle(group_name)
    if len(tensor_list) != group.world_size:
        raise RuntimeError(
            "The length of the tensor list operands to reducescatter must be equal to world_size."
        )
    group.reducescatter([tensor], [tensor_list], ReduceScatterOptions(op))


def send(tensor: Any, dst_rank: int, group_name: str = "default") -> None:
    """Send a tensor to the process `dst_rank`, which must `recv` it.

    Raises:
        RuntimeError: see `allreduce`; or the rank is this process's own.
        ValueError: there is no such rank.
    """
    check_tensor(tensor)
    group = get_group_handle(group_name)
    check_rank(group, dst_rank)
    if dst_rank == group.rank:
        raise RuntimeError(f"The destination rank '{dst_rank}' is self.")
    group.send([tensor], SendOptions(dst_rank))


def recv(tensor: Any, src_rank: int, group_name: str = "default") -> None:
    """Receive a tensor from the process `src_rank`, in place.

    Raises:
        RuntimeError: see `send`.
        ValueError: there is no such rank.
    """
    check_tensor(tensor)
    group = get_group_handle(group_name)
    check_rank(group, src_rank)
    if src_rank == group.rank:
        raise RuntimeError(f"The destination rank '{src_rank}' is self.")
    group.recv([tensor], RecvOptions(src_rank))


# ── several GPUs of one process ──────────────────────────────────────────────────────────────


def _no_multigpu(name: str) -> NoReturn:
    refuse(f"ray.util.collective.{name}", "Give each process one GPU.")


def allgather_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("allgather_multigpu")


def allreduce_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("allreduce_multigpu")


def broadcast_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("broadcast_multigpu")


def recv_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("recv_multigpu")


def reduce_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("reduce_multigpu")


def reducescatter_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("reducescatter_multigpu")


def send_multigpu(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there: several GPUs in one process.

    Raises:
        UnsupportedFeature: always.
    """
    _no_multigpu("send_multigpu")


__all__ = [
    "allgather",
    "allgather_multigpu",
    "allreduce",
    "allreduce_multigpu",
    "barrier",
    "broadcast",
    "broadcast_multigpu",
    "create_collective_group",
    "destroy_collective_group",
    "get_collective_group_size",
    "get_group_handle",
    "get_rank",
    "gloo_available",
    "init_collective_group",
    "is_backend_available",
    "is_group_initialized",
    "nccl_available",
    "recv",
    "recv_multigpu",
    "reduce",
    "reduce_multigpu",
    "reducescatter",
    "reducescatter_multigpu",
    "send",
    "send_multigpu",
]
