"""Graphs that are bound first and executed later, as Ray's page on lazy computation shows them."""

from __future__ import annotations

import pytest
import ray
from ray.dag.input_node import InputNode
from ray.dag.output_node import MultiOutputNode

# Newer Ray calls all of this deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*")


@ray.remote(num_cpus=0.1)
def plus(x: int, y: int = 1) -> int:
    return x + y


@ray.remote(num_cpus=0)
class Counter:
    def __init__(self, start: int = 0) -> None:
        self.value = start

    def add(self, x: int) -> int:
        self.value += x
        return self.value


def test_functions() -> None:
    inner = plus.bind(1)
    assert ray.get(plus.bind(inner, inner).execute()) == 4


def test_inputs() -> None:
    with InputNode() as given:
        graph = plus.bind(plus.bind(given), given)
    assert ray.get(graph.execute(10)) == 21
    assert ray.get(graph.execute(20)) == 41
    with InputNode() as given:
        graph = plus.bind(given[0], given.more)
    assert ray.get(graph.execute(1, more=2)) == 3


def test_actors_and_their_methods() -> None:
    counter = Counter.remote(5)
    with InputNode() as given:
        graph = counter.add.bind(given)
    assert [ray.get(graph.execute(1)) for _ in range(2)] == [6, 7]
    lazy = Counter.bind(100)
    graph = lazy.add.bind(plus.bind(1))
    assert [ray.get(graph.execute()) for _ in range(2)] == [102, 102]


def test_several_ends_and_each_node_once() -> None:
    counter = Counter.remote()
    with InputNode() as given:
        once = counter.add.bind(given)
        graph = MultiOutputNode([plus.bind(once, 10), plus.bind(once, 20)])
    assert ray.get(graph.execute(1)) == [11, 21]
    assert ray.get(counter.add.remote(0)) == 1


def test_an_input_that_is_missing() -> None:
    with InputNode() as given:
        graph = plus.bind(given)
    with pytest.raises((ValueError, TypeError, AssertionError)):
        ray.get(graph.execute())
