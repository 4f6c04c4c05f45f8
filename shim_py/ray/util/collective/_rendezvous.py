"""How the processes of a group find each other: rank 0 leaves its address with a named actor."""

from __future__ import annotations

import time
from typing import Any

#: How long to wait between two looks for what others have not left yet, in seconds.
_PAUSE = 0.02


class Board:
    """Keeps a group's members where they were declared, and the address of its rank 0."""

    def __init__(self) -> None:
        self._members: tuple[list[str], list[int], int, str, int] | None = None
        self._address = ""
        self._taken: set[int] = set()

    def declare(
        self, actors: list[str], ranks: list[int], world_size: int, backend: str, timeout_ms: int
    ) -> None:
        """Keep what `create_collective_group` was told; actors are ids in hex."""
        self._members = actors, ranks, world_size, backend, timeout_ms

    def members(self) -> tuple[list[str], list[int], int, str, int] | None:
        """Return what was declared, None where nothing was."""
        return self._members

    def publish(self, address: str) -> None:
        """Take the address of rank 0, for each other rank once."""
        self._address = address
        self._taken = set()

    def take(self, rank: int) -> str:
        """Return the address, "" where there is none that this rank has not had."""
        if not self._address or rank in self._taken:
            return ""
        self._taken.add(rank)
        return self._address


def board_name(group_name: str) -> str:
    """Return the name of a group's board."""
    return f"info_{group_name}"


def own_address() -> str:
    """Return the address by which others reach this process."""
    import ray

    return str(ray.util.get_node_ip_address())


def make_board(group_name: str) -> Any:
    """Return the group's board, made where there is none."""
    import ray

    actor_class: Any = ray.remote(num_cpus=0, max_concurrency=1)(Board)
    return actor_class.options(
        name=board_name(group_name), lifetime="detached", get_if_exists=True
    ).remote()


def find_board(group_name: str) -> Any:
    """Return the group's board, None where there is none."""
    import ray

    try:
        return ray.get_actor(board_name(group_name))
    except ValueError:
        return None


def publish(group_name: str, address: str) -> None:
    """Leave rank 0's address."""
    import ray

    ray.get(make_board(group_name).publish.remote(address))


def find(group_name: str, rank: int, timeout: float) -> str:
    """Return rank 0's address.

    Args:
        group_name: the group's name.
        rank: of this process.
        timeout: seconds to wait for it.

    Raises:
        TimeoutError: it was not left in time.
    """
    import ray

    end = time.monotonic() + timeout
    while True:
        board = find_board(group_name)
        address = "" if board is None else _taken(ray, board, rank)
        if address:
            return address
        if time.monotonic() > end:
            raise TimeoutError(
                f"Cannot join the collective group '{group_name}' as rank {rank}: rank 0 did not "
                f"start within {timeout:g} s. Start all ranks at the same time."
            )
        time.sleep(_PAUSE)


def _taken(ray: Any, board: Any, rank: int) -> str:
    try:
        return str(ray.get(board.take.remote(rank)))
    except ray.exceptions.RayActorError:  # a former group's, which is just being ended
        return ""


def forget(group_name: str) -> None:
    """End the group's board."""
    import ray

    board = find_board(group_name)
    if board is not None:
        ray.kill(board)
