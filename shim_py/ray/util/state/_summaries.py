"""Summaries: how many tasks, actors and objects of each kind are in each state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_KIND_TOTALS = {
    "NORMAL_TASK": "total_tasks",
    "ACTOR_TASK": "total_actor_tasks",
    "ACTOR_CREATION_TASK": "total_actor_scheduled",
}


@dataclass
class TaskSummaryPerFuncOrClassName:
    """The tasks of one name."""

    func_or_class_name: str
    type: str
    state_counts: dict[str, int] = field(default_factory=dict)


@dataclass
class TaskSummaries:
    """All tasks, by name."""

    summary: dict[str, TaskSummaryPerFuncOrClassName]
    total_tasks: int
    total_actor_tasks: int
    total_actor_scheduled: int
    summary_by: str = "func_name"

    @classmethod
    def to_summary_by_func_name(cls, *, tasks: Sequence[Mapping[str, Any]]) -> TaskSummaries:
        """Return the summary of tasks that are given as rows."""
        made = cls({}, 0, 0, 0)
        for task in tasks:
            name = task["name"] or task["func_or_class_name"]
            of_name = made.summary.setdefault(
                name, TaskSummaryPerFuncOrClassName(name, task["type"])
            )
            _count(of_name.state_counts, task["state"])
            total = _KIND_TOTALS[task["type"]]
            setattr(made, total, getattr(made, total) + 1)
        return made


@dataclass
class ActorSummaryPerClass:
    """The actors of one class."""

    class_name: str
    state_counts: dict[str, int] = field(default_factory=dict)


@dataclass
class ActorSummaries:
    """All actors, by class."""

    summary: dict[str, ActorSummaryPerClass]
    total_actors: int
    summary_by: str = "class"

    @classmethod
    def to_summary(cls, *, actors: Sequence[Mapping[str, Any]]) -> ActorSummaries:
        """Return the summary of actors that are given as rows."""
        made = cls({}, len(actors))
        for actor in actors:
            name = actor["class_name"]
            of_class = made.summary.setdefault(name, ActorSummaryPerClass(name))
            _count(of_class.state_counts, actor["state"])
        return made


@dataclass
class ObjectSummaryPerKey:
    """The references made at one place in the program."""

    total_objects: int = 0
    total_size_mb: float = 0.0
    total_num_workers: int = 0
    total_num_nodes: int = 0
    task_state_counts: dict[str, int] = field(default_factory=dict)
    task_attempt_number_counts: dict[str, int] = field(default_factory=dict)
    ref_type_counts: dict[str, int] = field(default_factory=dict)


@dataclass
class ObjectSummaries:
    """All references, by the place in the program that made them."""

    summary: dict[str, ObjectSummaryPerKey]
    total_objects: int
    total_size_mb: float
    callsite_enabled: bool
    summary_by: str = "callsite"

    @classmethod
    def to_summary(cls, *, objects: Sequence[Mapping[str, Any]]) -> ObjectSummaries:
        """Return the summary of references that are given as rows; sizes of -1 are unknown."""
        made = cls({}, len(objects), 0.0, all(o["call_site"] != "disabled" for o in objects))
        places: dict[str, tuple[set[int], set[str]]] = {}
        for each in objects:
            site = each["call_site"]
            of_site = made.summary.setdefault(site, ObjectSummaryPerKey())
            of_site.total_objects += 1
            size = max(each["object_size"], 0) / 1024**2
            of_site.total_size_mb += size
            made.total_size_mb += size
            _count(of_site.task_state_counts, each["task_status"])
            _count(of_site.task_attempt_number_counts, str(each["attempt_number"]))
            _count(of_site.ref_type_counts, each["reference_type"])
            workers, nodes = places.setdefault(site, (set(), set()))
            workers.add(each["pid"])
            nodes.add(each["ip"])
            of_site.total_num_workers, of_site.total_num_nodes = len(workers), len(nodes)
        return made


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1
