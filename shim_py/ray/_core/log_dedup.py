"""Lines that many workers print at the same time, shown once with how often they came, as Ray does.

Two lines are alike where their words without digits are the same. The first is shown at once;
further ones of other processes are held back for a while, and the last of them is shown with their
number.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any, Callable

Batch = dict[str, Any]

_DIGITS = re.compile(r"\d")
_HINT = (
    " (Ray deduplicates logs by default. Set RAY_DEDUP_LOGS=0 to disable log deduplication, or "
    "see https://docs.ray.io/en/master/ray-observability/user-guides/configure-logging.html"
    "#log-deduplication for more options.)"
)
#: Lines with this are progress bars, see `ray.experimental.tqdm_ray`: each one counts.
TQDM_MARK = "__ray_tqdm_magic_token__"


class _Pattern:
    """Lines that are alike."""

    __slots__ = ("batch", "count", "line", "since", "sources")

    def __init__(self, since: float, source: tuple[Any, Any]) -> None:
        self.since = since
        self.sources = {source}
        self.count = 0
        self.line = ""
        self.batch: Batch = {}


class Deduplicator:
    """See the top of this file; one for each stream.

    Args:
        environment: RAY_DEDUP_LOGS (0: everything is shown), RAY_DEDUP_LOGS_AGG_WINDOW_S (how long
            lines are held back, in seconds), RAY_DEDUP_LOGS_ALLOW_REGEX (lines that are always
            shown), RAY_DEDUP_LOGS_SKIP_REGEX (lines that never are).
        hints: said after the first number and used up; several streams may share them.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
        hints: list[str] | None = None,
    ) -> None:
        given = os.environ if environment is None else environment
        self.is_on = given.get("RAY_DEDUP_LOGS", "1").lower() not in ("0", "false")
        self.window = float(given.get("RAY_DEDUP_LOGS_AGG_WINDOW_S") or 5)
        self._allow = _pattern(given.get("RAY_DEDUP_LOGS_ALLOW_REGEX"))
        self._skip = _pattern(given.get("RAY_DEDUP_LOGS_SKIP_REGEX"))
        self._now = now
        self._recent: dict[str, _Pattern] = {}
        self._hints = first_hint() if hints is None else hints

    @property
    def holds(self) -> bool:
        """Whether lines are held back."""
        return any(each.count for each in self._recent.values())

    def take(self, batch: Batch) -> list[Batch]:
        """The batches to show now, in order: what is left of this one, and what was held back.

        A batch of lines that were held back has under `repeated` what is to follow its line.

        Args:
            batch: `lines` of one process, with its `ip` and `pid`.
        """
        if not self.is_on:
            return [batch]
        now = self._now()
        source = (batch.get("ip"), batch.get("pid"))
        shown = [line for line in batch["lines"] if self._shows(line, batch, source, now)]
        return [{**batch, "lines": shown}, *self.ripe(now)]

    def _shows(self, line: str, batch: Batch, source: tuple[Any, Any], now: float) -> bool:
        if TQDM_MARK in line or (self._allow is not None and self._allow.search(line)):
            return True
        if self._skip is not None and self._skip.search(line):
            return False
        key = " ".join(word for word in line.split() if not _DIGITS.search(word))
        if not key:
            return True
        pattern = self._recent.get(key)
        if pattern is None:
            self._recent[key] = _Pattern(now, source)
            return True
        pattern.sources.add(source)
        if len(pattern.sources) == 1:
            return True
        pattern.count += 1
        pattern.line, pattern.batch = line, batch
        return False

    def ripe(self, now: float | None = None) -> list[Batch]:
        """What was held back for long enough."""
        now = self._now() if now is None else now
        due = [key for key, each in self._recent.items() if now - each.since >= self.window]
        found = []
        for key in due:
            pattern = self._recent.pop(key)
            found += self._shown(pattern)
            if pattern.count > 1:
                # It comes again and again: go on with it.
                pattern.since, pattern.count = now, 0
                self._recent[key] = pattern
        return found

    def flush(self) -> list[Batch]:
        """Everything that is held back; nothing is remembered."""
        found = [batch for each in self._recent.values() for batch in self._shown(each)]
        self._recent.clear()
        return found

    def _shown(self, pattern: _Pattern) -> list[Batch]:
        if pattern.count == 0:
            return []
        batch = {**pattern.batch, "lines": [pattern.line]}
        if pattern.count > 1:
            hint = self._hints.pop() if self._hints else ""
            batch["repeated"] = f" [repeated {pattern.count}x across cluster]{hint}"
        return [batch]


def first_hint() -> list[str]:
    """What is said once of all this."""
    return [_HINT]


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text else None
