"""Progress bars that also work in workers: the driver shows them, each in a place of its own.

A worker's bar prints its state as a line with a mark in it, which the driver takes for what it is.
With the package `tqdm` installed the driver draws bars, else it prints a line for a bar that moved,
at most once a second.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sized
from typing import Any

from ray._core.log_dedup import TQDM_MARK

State = dict[str, Any]


class tqdm:
    """A progress bar; what it says is shown at most every `flush_interval_s` seconds.

    Args:
        iterable: what to go through, or None for `update` by hand.
        desc: what it is.
        total: how many.
        unit: of what.
        position: accepted, without effect: the driver places the bars.
        flush_interval_s: how often it is shown, in seconds.
    """

    def __init__(
        self,
        iterable: Iterable[Any] | None = None,
        desc: str | None = None,
        total: int | None = None,
        unit: str | None = None,
        *,
        position: int | None = None,
        flush_interval_s: float = 1.0,
        **_kwargs: Any,
    ) -> None:
        self._iterable = iterable
        self._desc = desc or ""
        self._unit = unit or "it"
        self._interval = flush_interval_s
        self._shown_at = 0.0
        self._uuid = uuid.uuid4().hex
        self._closed = False
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self.n = 0
        self._show(now=True)

    def set_description(self, desc: str) -> None:
        """Say what it is."""
        self._desc = desc
        self._show()

    def update(self, n: int = 1) -> None:
        """Count further."""
        self.n += n
        self._show()

    def refresh(self) -> None:
        """Show it now."""
        self._show(now=True)

    def close(self) -> None:
        """Show its end; it takes no place any more."""
        if not self._closed:
            self._closed = True
            self._show(now=True)

    def _show(self, now: bool = False) -> None:
        moment = time.monotonic()
        if not now and moment - self._shown_at < self._interval:
            return
        self._shown_at = moment
        state = {
            "uuid": self._uuid,
            "desc": self._desc,
            "unit": self._unit,
            "total": self.total,
            "x": self.n,
            "closed": self._closed,
        }
        if _in_worker():
            # In one write: lines of several threads must not mix.
            sys.stdout.write(f"{TQDM_MARK}{json.dumps(state)}\n")
            sys.stdout.flush()
        else:
            instance().process_state_update(state)

    def __iter__(self) -> Iterator[Any]:
        if self._iterable is None:
            raise ValueError("No iterable provided")
        for item in self._iterable:
            yield item
            self.update()
        self.close()

    def __enter__(self) -> tqdm:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class BarManager:
    """The bars that this process shows, its own and its workers'."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bars: dict[str, _Bar] = {}
        self._hidden = False

    def process_state_update(self, state: State) -> None:
        """Take the state of a bar, and show it."""
        with self._lock:
            bar = self._bars.get(state["uuid"])
            if bar is None:
                if state["closed"] and state["x"] == 0:
                    return
                taken = {one.place for one in self._bars.values()}
                place = next(each for each in range(len(taken) + 1) if each not in taken)
                bar = self._bars[state["uuid"]] = _Bar(state, place)
            bar.show(state)
            if state["closed"]:
                del self._bars[state["uuid"]]

    def hide_bars(self) -> None:
        """Take the bars away, so that something else can be printed."""
        with self._lock:
            self._hidden = True
            for bar in self._bars.values():
                bar.clear()

    def unhide_bars(self) -> None:
        """Show them again."""
        with self._lock:
            self._hidden = False
            for bar in self._bars.values():
                bar.refresh()


class _Bar:
    """One bar where it is shown: drawn by `tqdm` where that is installed, else as lines."""

    def __init__(self, state: State, place: int) -> None:
        self.place = place
        self._shown_at = 0.0
        self._drawn: Any = None
        try:
            import tqdm as real  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError:
            return
        self._drawn = real.tqdm(
            desc=state["desc"], total=state["total"], unit=state["unit"], position=place
        )

    def show(self, state: State) -> None:
        if self._drawn is None:
            self._print(state)
            return
        self._drawn.set_description(state["desc"], refresh=False)
        self._drawn.total = state["total"]
        self._drawn.n = state["x"]
        self._drawn.refresh()
        if state["closed"]:
            self._drawn.close()

    def _print(self, state: State) -> None:
        moment = time.monotonic()
        if not state["closed"] and (state["x"] == 0 or moment - self._shown_at < 1.0):
            return
        self._shown_at = moment
        of = "" if state["total"] is None else f"/{state['total']}"
        label = f"{state['desc']}: " if state["desc"] else ""
        sys.stderr.write(f"{label}{state['x']}{of} {state['unit']}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._drawn is not None:
            self._drawn.clear()

    def refresh(self) -> None:
        if self._drawn is not None:
            self._drawn.refresh()


_manager: BarManager | None = None
_manager_lock = threading.Lock()


def instance() -> BarManager:
    """Return this process's bars."""
    global _manager
    with _manager_lock:
        if _manager is None:
            _manager = BarManager()
        return _manager


def process_line(line: str) -> None:
    """Take a worker's line with the mark of a bar in it; what cannot be read is left out."""
    try:
        state = json.loads(line[line.index(TQDM_MARK) + len(TQDM_MARK) :])
    except ValueError:
        return
    if isinstance(state, dict) and {"uuid", "desc", "unit", "total", "x", "closed"} <= set(state):
        instance().process_state_update(state)


def safe_print(*args: Any, **kwargs: Any) -> None:
    """Print between the bars, which are taken away meanwhile."""
    manager = instance()
    manager.hide_bars()
    try:
        print(*args, **kwargs)  # noqa: T201 - that is what it is for
    finally:
        manager.unhide_bars()


def _in_worker() -> bool:
    from ray._core import client

    return client.is_connected() and client.session().assignment is not None


__all__ = ["BarManager", "instance", "process_line", "safe_print", "tqdm"]
