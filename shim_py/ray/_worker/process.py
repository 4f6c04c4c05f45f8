"""What Linux offers to keep a tree of processes in hand."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
from collections.abc import Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

#: How much less than others workers ask of the processors: what Ray's do.
_NICENESS = 15

#: A real-time signal that nothing else uses; the daemon's `stack_signal.ts` has the same number.
_STACKS_SIGNAL = 60

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def become_subreaper() -> None:
    """Orphans among the descendants become this process's children."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: int, parent: int) -> None:
    """Sends signal ``number`` to this process when its parent ends; at once where it has."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def yield_to_drivers() -> None:
    """Makes this process nicer than drivers and daemons, by as much as Ray's workers are.

    ``RAY_worker_niceness`` of the daemon's environment sets it, as for Ray.
    """
    try:
        nice = int(os.environ.get("RAY_worker_niceness", _NICENESS))  # noqa: SIM112
    except ValueError:
        nice = _NICENESS
    with contextlib.suppress(OSError):  # a negative one without the right to it
        os.nice(nice)


def offer_stacks() -> None:
    """Has the daemon's signal write all threads' stacks, also while C code holds the interpreter.

    They go to a file in memory, which the daemon finds by its name.
    """
    with contextlib.suppress(OSError, AttributeError, ValueError):  # an old kernel, another system
        descriptor = os.memfd_create("beam-stacks")
        faulthandler.register(_STACKS_SIGNAL, file=descriptor, all_threads=True, chain=False)


def thread_count() -> int:
    """Threads of this process, those that Python does not know included."""
    return len(os.listdir("/proc/self/task"))


def children_of(pid: int) -> list[int]:
    """The children of a process, from /proc."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
        return [child for child in found if not _is_zombie(child)]
    except (FileNotFoundError, ProcessLookupError):
        # It ended, or the kernel does not list children: look at every process.
        found = []
    listed = _listed_children(pid)
    for name in os.listdir("/proc") if listed is None else listed:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != b"Z":
                found.append(int(name))
    return found


def _listed_children(pid: int) -> list[str] | None:
    """The kernel's own list, where it keeps one: a machine may have thousands of processes."""
    listed: list[str] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                listed += file.read().split()
    except OSError:
        return None
    return listed


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


def is_tracker(pid: int) -> bool:
    """Whether it is `multiprocessing`'s resource tracker, which ends after those it works for.

    As it ends it takes away their named shared memory, which nobody else knows of.
    """
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"multiprocessing.resource_tracker" in file.read(4096)
    except OSError:
        return False


def kill(pid: int) -> None:
    """SIGKILL to a process, where it is there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> set[int]:
    """All processes below ``pid`` now."""
    found: set[int] = set()
    todo = [pid]
    while todo:
        for child in children_of(todo.pop()):
            if child not in found:
                found.add(child)
                todo.append(child)
    return found


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL to each."""
    for pid in pids:
        kill(pid)
