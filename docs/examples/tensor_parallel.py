"""A matrix product in two halves, one on each of two nodes, held against that of one process.

It does with numbers of its own what vLLM does with a model: a placement group with one bundle a
node, an actor in each bundle that keeps its half of the weights, a call to all of them for each
step. Needs nothing but Python.

    beam up --head --num-gpus 1                       # on the first machine
    beam up --join FIRST --num-gpus 1                 # on the second
    PYTHONPATH=$(beam shim-path) python3 tensor_parallel.py
"""

from __future__ import annotations

import random
import time

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

SIZE = 64
NODES = 2
STEPS = 200

Vector = list[int]
Matrix = list[Vector]


def multiply(rows: Matrix, vector: Vector) -> Vector:
    """The product of a matrix and a vector."""
    return [sum(a * b for a, b in zip(row, vector)) for row in rows]


@ray.remote(num_cpus=0, num_gpus=1)
class Half:
    """Keeps some rows of the matrix on the GPU's node."""

    def __init__(self, rows: Matrix) -> None:
        self.rows = rows

    def where(self) -> tuple[str, list[int]]:
        """The node's address and the GPUs that are this actor's."""
        return ray.util.get_node_ip_address(), ray.get_gpu_ids()

    def multiply(self, vector: Vector) -> Vector:
        """This half's part of the product."""
        return multiply(self.rows, vector)


def main() -> None:
    """Places, computes, compares."""
    ray.init()
    generator = random.Random(7)
    matrix = [[generator.randrange(10) for _ in range(SIZE)] for _ in range(SIZE)]
    vector = [generator.randrange(10) for _ in range(SIZE)]

    began = time.perf_counter()
    group = placement_group([{"GPU": 1}] * NODES, strategy="STRICT_SPREAD")
    ray.get(group.ready())
    share = SIZE // NODES
    halves = [
        Half.options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group, placement_group_bundle_index=rank
            )
        ).remote(matrix[rank * share : (rank + 1) * share])
        for rank in range(NODES)
    ]
    places = ray.get([half.where.remote() for half in halves])
    for rank, (address, gpus) in enumerate(places):
        print(f"rank {rank} on {address} with GPU {gpus}")
    print(f"placed and started in {time.perf_counter() - began:.3f} s")

    began = time.perf_counter()
    for _ in range(STEPS):
        parts = ray.get([half.multiply.remote(vector) for half in halves])
    print(f"{(time.perf_counter() - began) / STEPS * 1e6:.0f} µs a step over {NODES} nodes")
    if [number for part in parts for number in part] != multiply(matrix, vector):
        raise SystemExit("The halves do not make the whole product")
    print("The halves make the product that one process computes.")


if __name__ == "__main__":
    main()
