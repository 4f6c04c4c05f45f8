"""A training script as slime's: launched by `ray job submit`, it never calls ray.init."""

import json
import os
import sys

import ray


@ray.remote(num_cpus=1)
class Rollout:
    def where(self):
        return {
            "master": os.environ.get("MASTER_ADDR"),
            "job": ray.get_runtime_context().get_job_id(),
        }


def main():
    actors = [Rollout.remote() for _ in range(2)]
    seen = ray.get([actor.where.remote() for actor in actors])
    print(
        json.dumps(
            {
                "arguments": sys.argv[1:],
                "cwd": os.getcwd(),
                "own": os.environ.get("MASTER_ADDR"),
                "seen": seen,
                "job": ray.get_runtime_context().get_job_id(),
            }
        ),
        flush=True,
    )


main()
