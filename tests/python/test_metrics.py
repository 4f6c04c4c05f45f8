"""Metrics count, and check as Ray's do."""

from __future__ import annotations

import pickle
import warnings

import pytest
from ray.util.metrics import Counter, Gauge, Histogram, collect


def test_values_are_held_by_name_and_tags() -> None:
    counter = Counter("requests_a", "how many", tag_keys=("model",))
    counter.inc(tags={"model": "m"})
    counter.set_default_tags({"model": "n"}).inc(2)
    Counter("requests_a", tag_keys=("model",)).inc(5, {"model": "m"})
    gauge = Gauge("running_a")
    gauge.set(3)
    gauge.set(None)
    gauge.set(2)
    held = collect()
    assert held["requests_a"] == {(("model", "m"),): 6.0, (("model", "n"),): 2.0}
    assert held["running_a"] == {(): 2.0}


def test_a_histogram_counts_into_its_buckets() -> None:
    histogram = Histogram("latency_a", boundaries=[1.0, 2.0])
    for value in (0.5, 1.0, 1.5, 9):
        histogram.observe(value)
    assert collect()["latency_a"] == {(): {"sum": 12.0, "counts": [2, 1, 1]}}
    assert histogram.info["boundaries"] == [1.0, 2.0]


def test_wrong_use() -> None:
    with pytest.raises(ValueError, match="name"):
        Counter("")
    with pytest.raises(TypeError, match="tuple"):
        Counter("b", tag_keys=["a"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str"):
        Counter("b", tag_keys=(1,))  # type: ignore[arg-type]
    counter = Counter("c_b", tag_keys=("a",))
    with pytest.raises(ValueError, match=r"Missing value for tag key\(s\): a"):
        counter.inc()
    with pytest.raises(ValueError, match="Unrecognized tag key z"):
        counter.set_default_tags({"z": "1"})
    with pytest.raises(TypeError):
        counter.inc(tags={"a": 1})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match=">0"):
        counter.inc(0, {"a": "1"})
    with pytest.raises(TypeError):
        counter.inc("1", {"a": "1"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="boundaries"):
        Histogram("h_b")
    with pytest.raises(ValueError, match="above 0"):
        Histogram("h_b", boundaries=[0])


def test_an_invalid_name_is_warned_about_and_counts_nothing() -> None:
    with pytest.warns(UserWarning, match="vllm-x"):
        gauge = Gauge("vllm-x")
    gauge.set(1)
    assert "vllm-x" not in collect()


def test_metrics_pickle() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = pickle.loads(pickle.dumps(Histogram("h_p", "d", [1.0], ("a",))))
    assert again.info == Histogram("h_p", "d", [1.0], ("a",)).info
    assert again._tag_keys == ("a",)
