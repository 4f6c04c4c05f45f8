"""Metrics that user programs count: counters, gauges, histograms.

Each process keeps its own values and reports them to its node's daemon, at most once a second and
only when something has changed; the head serves them as Prometheus text, named `ray_<name>`, with
the tags as labels. What a process counted goes with it. `collect()` reads this process's own.
"""

from __future__ import annotations

import bisect
import re
import threading
import warnings
from typing import Any, Union

from ray._core import client
from ray._core.message_pack import pack

Number = Union[int, float]
Tags = tuple[tuple[str, str], ...]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_lock = threading.Lock()
# (kind, name) to tags to value: metrics of one name share their values, as they do in Prometheus.
_values: dict[tuple[str, str], dict[Tags, Any]] = {}
# (kind, name) to what the first metric of that name said of itself: description and boundaries.
_about: dict[tuple[str, str], tuple[str, list[float]]] = {}
# The session that has been asked to report what changed.
_reporting: Any = None

#: How long a change may wait until it is reported, in seconds.
REPORT_INTERVAL = 1.0


class Metric:
    """What all metrics have in common.

    Args:
        name: letters, digits, underscores; another name is warned about and counts nothing.
        description: a sentence.
        tag_keys: the keys of the tags, all of which every record must have.

    Raises:
        ValueError: the name is empty.
        TypeError: `tag_keys` is not a tuple of strings.
    """

    _kind = ""

    def __init__(
        self, name: str, description: str = "", tag_keys: tuple[str, ...] | None = None
    ) -> None:
        if not name:
            raise ValueError("A metric needs a name, got an empty one.")
        self._discard_metric = _NAME.fullmatch(name) is None
        if self._discard_metric:
            warnings.warn(
                f"The metric {name!r} counts nothing: its name must be letters, digits and "
                "underscores, and not start with a digit.",
                UserWarning,
                stacklevel=3,
            )
        self._name = name
        self._description = description
        self._default_tags: dict[str, str] = {}
        self._tag_keys = tag_keys or ()
        if not isinstance(self._tag_keys, tuple):
            raise TypeError(f"tag_keys should be a tuple type, got: {type(self._tag_keys)}")
        for key in self._tag_keys:
            if not isinstance(key, str):
                raise TypeError(f"Tag keys must be str, got {type(key)}.")
        self._series: dict[Tags, Any] = {}
        if not self._discard_metric:
            with _lock:
                self._series = _values.setdefault((self._kind, name), self._series)
                _about.setdefault((self._kind, name), (description, []))

    def set_default_tags(self, default_tags: dict[str, str]) -> Any:
        """Set tags for every record; returns the metric.

        Raises:
            ValueError: a key is none of `tag_keys`.
            TypeError: a value is no string.
        """
        for key, value in default_tags.items():
            if key not in self._tag_keys:
                raise ValueError(f"Unrecognized tag key {key}.")
            if not isinstance(value, str):
                raise TypeError(f"Tag values must be str, got {type(value)}.")
        self._default_tags = default_tags
        return self

    def _get_final_tags(self, tags: dict[str, str] | None) -> dict[str, str]:
        for value in (tags or {}).values():
            if not isinstance(value, str):
                raise TypeError(f"Tag values must be str, got {type(value)}.")
        return {**self._default_tags, **(tags or {})}

    def _validate_tags(self, final_tags: dict[str, str]) -> None:
        missing = [key for key in self._tag_keys if key not in final_tags]
        if missing:
            raise ValueError(f"Missing value for tag key(s): {','.join(missing)}.")

    def _record(self, value: Number, tags: dict[str, str] | None = None) -> None:
        if self._discard_metric:
            return
        final_tags = self._get_final_tags(tags)
        self._validate_tags(final_tags)
        with _lock:
            self._take(tuple(sorted(final_tags.items())), value)
        if _reporting is None or _reporting is not client._session:
            _report_soon()

    def _take(self, tags: Tags, value: Number) -> None:
        raise NotImplementedError

    @property
    def info(self) -> dict[str, Any]:
        """The metric's name, description, tag keys and default tags."""
        return {
            "name": self._name,
            "description": self._description,
            "tag_keys": self._tag_keys,
            "default_tags": self._default_tags,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._name, self._description, self._tag_keys))


def _check_number(value: Any) -> None:
    if not isinstance(value, (int, float)):
        raise TypeError(f"value must be int or float, got {type(value)}.")


class Counter(Metric):
    """A sum that only grows."""

    _kind = "counter"

    def inc(self, value: Number = 1.0, tags: dict[str, str] | None = None) -> None:
        """Add to it.

        Raises:
            TypeError: `value` is no number.
            ValueError: `value` is not above 0, or a tag is missing.
        """
        _check_number(value)
        if value <= 0:
            raise ValueError(f"value must be >0, got {value}")
        self._record(value, tags)

    def _take(self, tags: Tags, value: Number) -> None:
        self._series[tags] = self._series.get(tags, 0.0) + value


class Gauge(Metric):
    """The last value."""

    _kind = "gauge"

    def set(self, value: Number | None, tags: dict[str, str] | None = None) -> None:
        """Set it; None leaves it as it is.

        Raises:
            TypeError: `value` is no number.
            ValueError: a tag is missing.
        """
        if value is None:
            return
        _check_number(value)
        self._record(value, tags)

    def _take(self, tags: Tags, value: Number) -> None:
        self._series[tags] = float(value)


class Histogram(Metric):
    """How many values fell into each bucket, and their sum.

    Args:
        name: see `Metric`.
        description: see `Metric`.
        boundaries: upper bounds of the buckets, above 0.
        tag_keys: see `Metric`.

    Raises:
        ValueError: `boundaries` is missing, or one is not above 0.
    """

    _kind = "histogram"

    def __init__(
        self,
        name: str,
        description: str = "",
        boundaries: list[float] | None = None,
        tag_keys: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(name, description, tag_keys)
        if boundaries is None or len(boundaries) == 0:
            raise ValueError(
                'A Histogram needs boundaries, as in Histogram("name", boundaries=[1.0, 2.0]).'
            )
        for index, boundary in enumerate(boundaries):
            if boundary <= 0:
                raise ValueError(
                    f"The boundaries of a Histogram must be above 0, got {boundary} at index "
                    f"{index} of {boundaries}."
                )
        self.boundaries = boundaries
        self._bounds = sorted(boundaries)
        if not self._discard_metric:
            with _lock:
                if not _about[self._kind, name][1]:
                    _about[self._kind, name] = (description, self._bounds)
                # Metrics of one name share their buckets, too.
                self._bounds = _about[self._kind, name][1]

    def observe(self, value: Number, tags: dict[str, str] | None = None) -> None:
        """Count a value.

        Raises:
            TypeError: `value` is no number.
            ValueError: a tag is missing.
        """
        _check_number(value)
        self._record(value, tags)

    def _take(self, tags: Tags, value: Number) -> None:
        bounds = self._bounds
        series = self._series.setdefault(tags, {"sum": 0.0, "counts": [0] * (len(bounds) + 1)})
        series["sum"] += value
        series["counts"][bisect.bisect_left(bounds, value)] += 1

    @property
    def info(self) -> dict[str, Any]:
        """As of every metric, and the boundaries."""
        return {**super().info, "boundaries": self.boundaries}

    def __reduce__(self) -> tuple[Any, ...]:
        return (Histogram, (self._name, self._description, self.boundaries, self._tag_keys))


def _report_soon() -> None:
    """Have what changed reported, where this process belongs to a cluster."""
    global _reporting
    session = client._session
    if session is None or session.pump.closed:
        return
    _reporting = session
    report = lambda: _report(session)  # noqa: E731 - a callback of its own for this session
    session.pump.call_later(REPORT_INTERVAL, lambda: session.pump.deferred.append(report))


def _report(session: Any) -> None:
    global _reporting
    if _reporting is session:
        # First: what changes from here on is reported again.
        _reporting = None
    if session.pump.closed or session.control.lost is not None:
        return
    with _lock:
        rows = [
            [name, kind, *_about[kind, name], [[dict(tags), _plain(v)] for tags, v in one.items()]]
            for (kind, name), one in _values.items()
            if one
        ]
    packed = pack(rows)
    session.control.send("metrics.report", {}, packed)


def _plain(value: Any) -> Any:
    return [value["sum"], value["counts"]] if isinstance(value, dict) else value


def collect() -> dict[str, dict[Tags, Any]]:
    """Return what this process counted: by name, by sorted tags.

    Counters and gauges are floats; histograms are dicts of `sum` and `counts` (one per bucket,
    not cumulated, the last one without an upper bound).
    """
    with _lock:
        return {name: dict(series) for (_, name), series in _values.items()}


__all__ = ["Counter", "Gauge", "Histogram", "Metric"]
