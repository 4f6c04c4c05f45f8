"""Waiting for some of many values, or for all of them unless one is an error."""

from __future__ import annotations

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
        if count.missing <= 0 and not count.done:
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
        if entry is None:
            return
        self.entry = None
        count.missing -= 1 if entry.ok else count.missing
        if count.missing <= 0 and not count.done:
            finish(count)


def wait_for_all(pump: Pump | Lending, entries: Sequence[Entry], deadline: float | None) -> None:
    """Waits until all entries are done, or one of them is an error, or the deadline has passed."""
    count = _Count()
    checking: list[tuple[Entry, _Checked]] = []
    with pump.lock:
        for entry in dict.fromkeys(entries):
            if entry.done:
                if not entry.ok:
                    return
                continue
            count.missing += 1
            checked = _Checked(count, entry)
            if entry.sleepers is None:
                entry.sleepers = []
            entry.sleepers.append(checked)
            checking.append((entry, checked))
        count.done = count.missing <= 0
    try:
        pump.wait(count, deadline)
    finally:
        with pump.lock:
            for entry, checked in checking:
                if entry.sleepers and checked in entry.sleepers:
                    entry.sleepers.remove(checked)


def wait_for_some(
    pump: Pump | Lending, entries: Sequence[Entry], enough: int, deadline: float | None
) -> None:
    """Waits until ``enough`` of the entries are done, or the deadline has passed."""
    if sum(1 for entry in entries if entry.done) >= enough:
        return
    count = _Count()
    counting: list[tuple[Entry, _Counted]] = []
    with pump.lock:
        count.missing = enough - sum(1 for entry in entries if entry.done)
        for entry in dict.fromkeys(entries):
            if not entry.done:
                counted = _Counted(count, entries.count(entry))
                if entry.sleepers is None:
                    entry.sleepers = []
                entry.sleepers.append(counted)
                counting.append((entry, counted))
        count.done = count.missing <= 0
    try:
        pump.wait(count, deadline)
    finally:
        with pump.lock:
            for entry, counted in counting:
                if entry.sleepers and counted in entry.sleepers:
                    entry.sleepers.remove(counted)
