"""As vllm-metal uses Ray: a custom resource, and a hook that runs before any actor's code."""

import json
import os
import pathlib
import sys

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

folder = pathlib.Path(os.environ["HOME"]) / "hook"
folder.mkdir(exist_ok=True)
(folder / "metal_hook.py").write_text(
    "import os\n\ndef install():\n    os.environ['METAL'] = '1'\n"
)
sys.path.insert(0, str(folder))
hook = {"worker_process_setup_hook": "metal_hook.install"}
ray.init(address="auto", runtime_env=hook, logging_level="ERROR")


@ray.remote(num_cpus=0, resources={"mlx": 1})
class Worker:
    def __init__(self):
        self.seen = os.environ.get("METAL")

    def look(self):
        assigned = ray.get_runtime_context().get_assigned_resources()
        return self.seen, assigned.get("mlx")


group = placement_group([{"mlx": 1}] * 2, strategy="SPREAD")
ray.get(group.ready())
workers = [
    Worker.options(scheduling_strategy=PlacementGroupSchedulingStrategy(group, i)).remote()
    for i in range(2)
]
told = {
    "total": ray.cluster_resources()["mlx"],
    "free": ray.available_resources().get("mlx", 0),
    "workers": ray.get([worker.look.remote() for worker in workers]),
}
print(json.dumps(told), flush=True)
