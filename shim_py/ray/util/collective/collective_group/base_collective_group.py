"""What every group of processes is; own backends derive from it."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any

from ray.util.collective.types import (
    AllGatherOptions,
    AllReduceOptions,
    BarrierOptions,
    BroadcastOptions,
    RecvOptions,
    ReduceOptions,
    ReduceScatterOptions,
    SendOptions,
)


class BaseGroup(metaclass=ABCMeta):
    """A group; tensors are given in lists of one.

    Args:
        world_size: how many processes are in it.
        rank: which of them this one is, from 0.
        group_name: its name.
    """

    def __init__(self, world_size: int, rank: int, group_name: str) -> None:
        self._world_size = world_size
        self._rank = rank
        self._group_name = group_name

    @property
    def rank(self) -> int:
        """Which of the processes this one is."""
        return self._rank

    @property
    def world_size(self) -> int:
        """How many processes are in it."""
        return self._world_size

    @property
    def group_name(self) -> str:
        """Its name."""
        return self._group_name

    @classmethod
    @abstractmethod
    def backend(cls) -> str:
        """Return the name of the backend."""

    @classmethod
    @abstractmethod
    def check_backend_availability(cls) -> bool:
        """Return whether the backend can be used in this process."""

    def destroy_group(self) -> None:  # noqa: B027 - there may be nothing to give up
        """Give up what the group has opened."""

    @abstractmethod
    def allreduce(self, tensors: list[Any], allreduce_options: AllReduceOptions) -> None:
        """Put the processes' tensors together, in place and everywhere."""

    @abstractmethod
    def barrier(self, barrier_options: BarrierOptions) -> None:
        """Wait for all processes."""

    @abstractmethod
    def reduce(self, tensors: list[Any], reduce_options: ReduceOptions) -> None:
        """Put the processes' tensors together, in place, in one process."""

    @abstractmethod
    def allgather(
        self, tensor_lists: list[list[Any]], tensors: list[Any], allgather_options: AllGatherOptions
    ) -> None:
        """Bring every process's tensor to every process."""

    @abstractmethod
    def broadcast(self, tensors: list[Any], broadcast_options: BroadcastOptions) -> None:
        """Bring one process's tensor to every process."""

    @abstractmethod
    def reducescatter(
        self,
        tensors: list[Any],
        tensor_lists: list[list[Any]],
        reducescatter_options: ReduceScatterOptions,
    ) -> None:
        """Put the processes' lists together and keep the element of this process's rank."""

    @abstractmethod
    def send(self, tensors: list[Any], send_options: SendOptions) -> None:
        """Send a tensor to one process."""

    @abstractmethod
    def recv(self, tensors: list[Any], recv_options: RecvOptions) -> None:
        """Receive a tensor from one process, in place."""


__all__ = ["BaseGroup"]
