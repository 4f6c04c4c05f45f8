"""Programs written to Ray's documentation, run on beam (the default) or on Ray.

CONFORMANCE=ray runs them on the `ray` that the interpreter finds; otherwise on this checkout's,
whose cluster the driver starts itself. A chapter of these tests shares one cluster.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ON_RAY = os.environ.get("CONFORMANCE") == "ray"

if not ON_RAY:
    beam = os.environ.setdefault("BEAM_BIN", str(ROOT / "scripts" / "beam"))
    if "ray" not in sys.modules:
        # The package as it is delivered, with the libraries that it carries: what workers pickle by
        # value names those, and a class must be the same one when it comes back.
        shim = subprocess.run([beam, "shim-path"], stdout=subprocess.PIPE, text=True, check=True)
        sys.path.insert(0, shim.stdout.strip())
else:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"

import ray  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Start a cluster with four CPUs and two GPUs that need not be there."""
    for name in ("RAY_ADDRESS", "CUDA_VISIBLE_DEVICES"):
        os.environ.pop(name, None)
    ray.init(
        address="local",
        num_cpus=4,
        num_gpus=2,
        resources={"mlx": 1},
        namespace="conformance",
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"OF_THE_JOB": "job", "OVERRIDDEN": "job"}},
    )
    yield
    ray.shutdown()


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the mark for tests that need more time."""
    config.addinivalue_line("markers", "time_limit(seconds): instead of 90")


@pytest.fixture(autouse=True)
def time_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """End a test that waits for what never comes, so that the others still run."""
    mark = request.node.get_closest_marker("time_limit")
    seconds: int = mark.args[0] if mark else 90

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
