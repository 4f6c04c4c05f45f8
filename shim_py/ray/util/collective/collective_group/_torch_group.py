"""Groups over torch.distributed, gloo and NCCL; importing this needs torch.

A group has a process group of its own, so that what a program does with torch.distributed itself
(its default group, its environment) stays untouched.
"""

from __future__ import annotations

import datetime
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]
import torch.distributed as dist  # type: ignore[import-not-found,unused-ignore]

from ray.util.collective import _rendezvous
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


class TorchGroup(BaseGroup):
    """What gloo and NCCL share.

    Args:
        world_size: how many processes are in it.
        rank: which of them this one is.
        group_name: its name.
        timeout_ms: how long the others may take, at the start and in each call.

    Raises:
        TimeoutError: the process of rank 0 did not come in time.
    """

    def __init__(
        self, world_size: int, rank: int, group_name: str, timeout_ms: int | None = None
    ) -> None:
        super().__init__(world_size, rank, group_name)
        self._timeout = datetime.timedelta(milliseconds=timeout_ms or 30_000)
        self._store: Any
        seconds = self._timeout.total_seconds()
        if rank == 0:
            host = _rendezvous.own_address()
            self._store = dist.TCPStore(
                host, 0, is_master=True, wait_for_workers=False, timeout=self._timeout
            )
            _rendezvous.publish(group_name, f"{host}|{self._store.port}")
        else:
            host, _, port = _rendezvous.find(group_name, rank, seconds).rpartition("|")
            self._store = dist.TCPStore(
                host, int(port), is_master=False, wait_for_workers=False, timeout=self._timeout
            )
        self._group = self._open(dist.PrefixStore(group_name, self._store))

    def _open(self, store: Any) -> Any:
        raise NotImplementedError

    def _tensor(self, value: Any, written: bool = True) -> Any:
        raise NotImplementedError

    def destroy_group(self) -> None:
        self._group = self._store = None
        if self.rank == 0:
            _rendezvous.forget(self.group_name)

    def allreduce(self, tensors: list[Any], allreduce_options: AllReduceOptions) -> None:
        options = dist.AllreduceOptions()
        options.reduceOp = _operation(allreduce_options.reduceOp)
        self._group.allreduce([self._tensor(tensors[0])], options).wait()

    def barrier(self, barrier_options: BarrierOptions) -> None:
        self._group.barrier(dist.BarrierOptions()).wait()

    def reduce(self, tensors: list[Any], reduce_options: ReduceOptions) -> None:
        options = dist.ReduceOptions()
        options.reduceOp = _operation(reduce_options.reduceOp)
        options.rootRank = reduce_options.root_rank
        root = self.rank == reduce_options.root_rank
        tensor = self._tensor(tensors[0], written=root)
        # The backend may use it for partial sums, which are nobody's business but the root's.
        self._group.reduce([tensor if root else tensor.detach().clone()], options).wait()

    def allgather(
        self, tensor_lists: list[list[Any]], tensors: list[Any], allgather_options: AllGatherOptions
    ) -> None:
        into = [self._tensor(each) for each in tensor_lists[0]]
        self._group.allgather([into], [self._tensor(tensors[0], written=False)]).wait()

    def broadcast(self, tensors: list[Any], broadcast_options: BroadcastOptions) -> None:
        options = dist.BroadcastOptions()
        options.rootRank = broadcast_options.root_rank
        options.rootTensor = 0
        root = self.rank == broadcast_options.root_rank
        self._group.broadcast([self._tensor(tensors[0], written=not root)], options).wait()

    def reducescatter(
        self,
        tensors: list[Any],
        tensor_lists: list[list[Any]],
        reducescatter_options: ReduceScatterOptions,
    ) -> None:
        options = dist.ReduceScatterOptions()
        options.reduceOp = _operation(reducescatter_options.reduceOp)
        parts = [self._tensor(each, written=False) for each in tensor_lists[0]]
        self._group.reduce_scatter([self._tensor(tensors[0])], [parts], options).wait()

    def send(self, tensors: list[Any], send_options: SendOptions) -> None:
        tensor = self._tensor(tensors[0], written=False)
        self._group.send([tensor], send_options.dst_rank, 0).wait()

    def recv(self, tensors: list[Any], recv_options: RecvOptions) -> None:
        self._group.recv([self._tensor(tensors[0])], recv_options.src_rank, 0).wait()


class GlooGroup(TorchGroup):
    """Over TCP, for tensors and numpy arrays in main memory."""

    @classmethod
    def backend(cls) -> str:
        return Backend.GLOO

    @classmethod
    def check_backend_availability(cls) -> bool:
        return bool(dist.is_available() and dist.is_gloo_available())

    def _open(self, store: Any) -> Any:
        return dist.ProcessGroupGloo(store, self.rank, self.world_size, timeout=self._timeout)

    def _tensor(self, value: Any, written: bool = True) -> Any:
        if isinstance(value, torch.Tensor):
            return value
        if not value.flags.writeable:
            if written:
                raise ValueError(
                    "Cannot receive into this array: it is read-only, as values of ray.get() are. "
                    "Give a copy of it."
                )
            value = value.copy()
        return torch.from_numpy(value)

    def reducescatter(
        self,
        tensors: list[Any],
        tensor_lists: list[list[Any]],
        reducescatter_options: ReduceScatterOptions,
    ) -> None:
        # Not every gloo has it: each element is put together, and its own process keeps it.
        options = dist.AllreduceOptions()
        options.reduceOp = _operation(reducescatter_options.reduceOp)
        for rank, each in enumerate(tensor_lists[0]):
            part = self._tensor(each, written=False).detach().clone()
            self._group.allreduce([part], options).wait()
            if rank == self.rank:
                self._tensor(tensors[0]).copy_(part)


class NcclGroup(TorchGroup):
    """Over NCCL (or RCCL), for tensors on this process's GPU; calls join its current stream."""

    @classmethod
    def backend(cls) -> str:
        return Backend.NCCL

    @classmethod
    def check_backend_availability(cls) -> bool:
        return bool(dist.is_available() and dist.is_nccl_available() and torch.cuda.is_available())

    def _open(self, store: Any) -> Any:
        options = dist.ProcessGroupNCCL.Options()
        options._timeout = self._timeout
        return dist.ProcessGroupNCCL(store, self.rank, self.world_size, options)

    def _tensor(self, value: Any, written: bool = True) -> Any:
        if isinstance(value, torch.Tensor) and value.is_cuda:
            return value.contiguous() if not written else value
        raise RuntimeError(
            "Cannot send this over NCCL: it must be a torch.Tensor on a GPU, got "
            f"{type(value).__name__}. Move it with .cuda(), or use the backend gloo."
        )


def _operation(op: ReduceOp) -> Any:
    return getattr(dist.ReduceOp, op.name)
