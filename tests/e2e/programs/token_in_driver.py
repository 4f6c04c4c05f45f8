"""Tells which variables with a token driver and worker have, and whether it is still found."""

from __future__ import annotations

import os

import ray
from ray.job_submission._address import token_for
from say import say


def names() -> list[str]:
    return sorted({"BEAM_TOKEN", "RAY_AUTH_TOKEN"} & set(os.environ))


@ray.remote
def of_worker() -> list[str]:
    return names()


given = os.environ["BEAM_TOKEN"]
ray.init()
worker = ray.get(
    of_worker.options(runtime_env={"env_vars": {"RAY_AUTH_TOKEN": "another"}}).remote()
)
say(driver=names(), worker=worker, found=token_for("http://elsewhere:8265") == given)
