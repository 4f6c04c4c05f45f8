"""Waiting for some of many values, or for all of them unless one is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .entry import Entry
from .lending import Lending
from .pump import Pump, Sleeper, finish


class _Count:
    """Done when enough entries are."""

    def __init__(self) -> None:
        self.done = False
        self.missing = 0
        self.sleepers: list[Sleeper] | None = None


class _Counted:
    """Stands among the sleepers of an entry, and counts instead of waking."""

    __slots__ = ("count", "weight")

    def __init__(self, count: _Count, weight: int) -> None:
        self.count = count
        self.weight = weight

    def release(self) -> None:
        """The entry is done."""
        count = self.count
        count.missing -= self.weight
        self.weight = 0
        if count.missing <= 0:
            finish(count)


class _Checked:
    """The same, but that one that is an error is enough."""

    __slots__ = ("count", "entry")

    def __init__(self, count: _Count, entry: Entry) -> None:
        self.count = count
        self.entry: Entry | None = entry

    def release(self) -> None:
        """The entry is done."""
        count, entry = self.count, self.entry
        if entry is not None:
            count.missing -= 1 if entry.ok else count.missing
            self.entry = None
        if count.missing <= 0:
            finish(count)


def wait_for_all(pump: Pump | Lending, entries: Sequence[Entry], deadline: float | None) -> None:
    """Waits until all entries are done, or one of them is an error, or the deadline has passed."""
    count = _Count()
    with pump.lock:
        if any(entry.done and not entry.ok for entry in entries):
            return
        watches = [
            (entry, _Checked(count, entry)) for entry in dict.fromkeys(entries) if not entry.done
        ]
        count.missing = len(watches)
        _watch(count, watches)
    _wait(pump, count, watches, deadline)


def wait_for_some(
    pump: Pump | Lending, entries: Sequence[Entry], enough: int, deadline: float | None
) -> None:
    """Waits until ``enough`` of the entries are done, or the deadline has passed."""
    if sum(1 for entry in entries if entry.done) >= enough:
        return
    count = _Count()
    with pump.lock:
        count.missing = enough - sum(1 for entry in entries if entry.done)
        watches = [
            (entry, _Counted(count, weight))
            for entry, weight in Counter(entries).items()
            if not entry.done
        ]
        _watch(count, watches)
    _wait(pump, count, watches, deadline)


def _watch(count: _Count, watches: Sequence[tuple[Entry, Sleeper]]) -> None:
    """Has each entry tell its sleeper. The lock is held."""
    for entry, sleeper in watches:
        if entry.sleepers is None:
            entry.sleepers = []
        entry.sleepers.append(sleeper)
    count.done = count.missing <= 0


def _wait(
    pump: Pump | Lending,
    count: _Count,
    watches: Sequence[tuple[Entry, Sleeper]],
    deadline: float | None,
) -> None:
    try:
        pump.wait(count, deadline)
    finally:
        with pump.lock:
            for entry, sleeper in watches:
                if entry.sleepers and sleeper in entry.sleepers:
                    entry.sleepers.remove(sleeper)
