"""Graphs of calls that are bound first and run later, one `execute` at a time.

In scope: what `.bind()` makes, and running it as plain calls. Out of scope: compiled graphs
(`experimental_compile`) and their channels.
"""

from __future__ import annotations

from typing import Any

from ray._private.absent import missing_attribute
from ray.dag.class_node import ClassMethodNode, ClassNode
from ray.dag.dag_node import DAGNode
from ray.dag.function_node import FunctionNode
from ray.dag.input_node import DAGInputData, InputAttributeNode, InputNode
from ray.dag.output_node import MultiOutputNode


def __getattr__(name: str) -> Any:
    raise missing_attribute("ray.dag", name)


__all__ = [
    "ClassMethodNode",
    "ClassNode",
    "DAGInputData",
    "DAGNode",
    "FunctionNode",
    "InputAttributeNode",
    "InputNode",
    "MultiOutputNode",
]
