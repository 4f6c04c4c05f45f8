"""Progress bars that also work in workers: each prints lines of its own to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any


class tqdm:
    """A progress bar as lines of text, at most one each `flush_interval_s` seconds.

    Args:
        iterable: what to go through, or None for `update` by hand.
        desc: what it is.
        total: how many.
        unit: of what.
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
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self.n = 0

    def set_description(self, desc: str) -> None:
        """Say what it is."""
        self._desc = desc
        self._show()

    def update(self, n: int = 1) -> None:
        """Count further."""
        self.n += n
        self._show()

    def refresh(self) -> None:
        """Print a line now."""
        self._show(now=True)

    def close(self) -> None:
        """Print the last line."""
        self._show(now=True)

    def _show(self, now: bool = False) -> None:
        moment = time.monotonic()
        if not now and moment - self._shown_at < self._interval:
            return
        self._shown_at = moment
        of = "" if self.total is None else f"/{self.total}"
        label = f"{self._desc}: " if self._desc else ""
        sys.stderr.write(f"{label}{self.n}{of} {self._unit}\n")
        sys.stderr.flush()

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


def safe_print(*args: Any, **kwargs: Any) -> None:
    """Print; the bars here need no care."""
    print(*args, **kwargs)  # noqa: T201 - that is what it is for


__all__ = ["safe_print", "tqdm"]
