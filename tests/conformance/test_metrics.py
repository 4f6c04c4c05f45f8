"""`ray.util.metrics`: what programs count, as Prometheus text."""

from __future__ import annotations

import os
import re
import time
import urllib.request
from typing import Any

import pytest
import ray
from ray.util.metrics import Counter, Gauge, Histogram

ON_RAY = os.environ.get("CONFORMANCE") == "ray"

if ON_RAY:
    pytest.importorskip("prometheus_client")


def text() -> str:
    """What the cluster exports now."""
    if not ON_RAY:
        from ray._core import client

        return bytes(client.session().request("query.metrics", {}).body).decode()
    (node,) = ray.nodes()
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def value(name: str, **labels: str) -> float | None:
    """The value of the sample with these labels among others; None where there is none."""
    for line in text().splitlines():
        if not re.match(rf"{name}[{{ ]", line):
            continue
        if all(f'{key}="{each}"' in line for key, each in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return None


def eventually(name: str, wanted: float | None, **labels: str) -> None:
    """Waits until a sample has this value: reports take a moment."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if value(name, **labels) == wanted:
            return
        time.sleep(0.25)
    raise AssertionError(f"{name} {labels} is {value(name, **labels)}, not {wanted}")


@ray.remote(num_cpus=0)
class Counting:
    def __init__(self) -> None:
        self.done = Counter("test_done", description="what is done", tag_keys=("kind",))
        self.done.set_default_tags({"kind": "usual"})
        self.load = Gauge("test_load", tag_keys=("unit",))
        self.seconds = Histogram("test_seconds", boundaries=[0.1, 1.0])

    def work(self) -> None:
        self.done.inc()
        self.done.inc(2.0, tags={"kind": "special"})
        self.load.set(0.5, tags={"unit": "a"})
        for seconds in (0.05, 0.5, 5.0):
            self.seconds.observe(seconds)

    def rest(self) -> None:
        self.load.set(0.25, tags={"unit": "a"})

    def wrong(self, what: str) -> None:
        if what == "tag":
            self.load.set(1)
        elif what == "negative":
            self.done.inc(-1)
        elif what == "unknown":
            self.done.set_default_tags({"other": "x"})


def test_counters_gauges_and_histograms() -> None:
    actor = Counting.remote()
    ray.get(actor.work.remote())
    eventually("ray_test_done_total", 1.0, kind="usual")
    eventually("ray_test_done_total", 2.0, kind="special")
    eventually("ray_test_load", 0.5, unit="a")
    eventually("ray_test_seconds_bucket", 1.0, le="0.1")
    eventually("ray_test_seconds_bucket", 2.0, le="1.0")
    eventually("ray_test_seconds_bucket", 3.0, le=r"+Inf")
    eventually("ray_test_seconds_count", 3.0)
    if not ON_RAY:  # which estimates it from the buckets
        eventually("ray_test_seconds_sum", 5.55)
    assert "# TYPE ray_test_load gauge" in text()
    ray.get([actor.work.remote(), actor.rest.remote()])
    eventually("ray_test_done_total", 2.0, kind="usual")
    eventually("ray_test_load", 0.25, unit="a")
    ray.kill(actor)
    if not ON_RAY:  # where a dead process's values stay for a while
        eventually("ray_test_load", None, unit="a")


def test_a_driver_counts_too() -> None:
    gauge = Gauge("test_of_driver")
    gauge.set(7)
    eventually("ray_test_of_driver", 7.0)


@pytest.mark.parametrize(
    ("what", "error"), [("tag", ValueError), ("negative", ValueError), ("unknown", ValueError)]
)
def test_wrong_use(what: str, error: Any) -> None:
    actor = Counting.remote()
    with pytest.raises(error):
        ray.get(actor.wrong.remote(what))
    ray.kill(actor)
