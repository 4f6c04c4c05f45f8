"""A driver whose cluster is its own, under a mask of devices."""

from __future__ import annotations

import json
import os

import ray

os.environ["CUDA_VISIBLE_DEVICES"] = "5,6"
ray.init(
    address="local",
    num_cpus=1,
    num_gpus=2,
    labels={"zone": "a"},
    include_dashboard=False,
    _memory=1 << 30,
    _node_name="mine",
)


@ray.remote(num_cpus=0, num_gpus=1)
class Holder:
    def ids(self) -> list[object]:
        return [*ray.get_gpu_ids(), os.environ["CUDA_VISIBLE_DEVICES"]]


holders = [Holder.remote() for _ in range(2)]
node = ray.nodes()[0]
told = {
    "ids": sorted(ray.get([holder.ids.remote() for holder in holders])),
    "name": node["NodeName"],
    "zone": node["Labels"]["zone"],
    "memory": node["Resources"]["memory"],
}
print("TOLD", json.dumps(told))
