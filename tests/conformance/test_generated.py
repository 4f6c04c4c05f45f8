"""Random programs, and corners of the API, do what they did on genuine Ray (`generated/`)."""

from __future__ import annotations

import json
import os
import pathlib
import sys
from collections.abc import Iterator

import pytest
import ray

GENERATED = pathlib.Path(__file__).resolve().with_name("generated")
sys.path.insert(0, str(GENERATED))

from compare import differences, digest, fixed, golden  # noqa: E402
from side import Side  # noqa: E402

PROGRAMS = fixed()


def package_folder() -> str:
    return str(pathlib.Path(ray.__file__).parents[1])


@pytest.fixture(scope="module")
def side(cluster: None) -> Iterator[Side]:
    """A driver of its own on this chapter's cluster."""
    # The package as the cluster has it: with the libraries that it carries.
    path = [ray.get(ray.remote(num_cpus=0)(package_folder).remote()), os.environ.get("PYTHONPATH")]
    side = Side(
        {"PYTHONPATH": os.pathsep.join(filter(None, path))},
        ray.get_runtime_context().gcs_address,
    )
    yield side
    side.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_on_ray(name: str, side: Side) -> None:
    recorded = golden()[name]
    program = json.loads(json.dumps(PROGRAMS[name]))
    assert recorded["digest"] == digest(program), (
        "the program is not the one that was recorded: scripts/conformance compare --record"
    )
    assert differences(program, recorded["outcomes"], side.outcomes(program)) == []
