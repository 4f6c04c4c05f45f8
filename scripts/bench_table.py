"""Turns the figures of scripts/bench into a table of medians and ratios.

usage: bench_table.py [--into FILE] RAY_FIGURES BEAM_FIGURES

With --into the table replaces what stands between the two marks of FILE.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics

from _published import publish

LABELS = {
    "import": "`import ray`",
    "init": "`ray.init()` of a new local cluster",
    "call": "actor call, one at a time",
    "pipelined_call": "actor call, pipelined (5,000 in flight)",
    "call_dict": "actor call with a small dict there and back",
    "call_1MiB": "actor call with 1 MiB there and back",
    "actor": "actor created and first call answered",
    "actors_together": "the same, ten at once, per actor",
    "death_told": "`kill -9` of an actor until its pending `ray.get` raises",
    "task": "task, one at a time",
    "tasks_at_once": "task, 1,000 at once, per task",
    "nested_task": "task inside a task that waits for it, 20 deep, per task",
    "shutdown": "`ray.shutdown()`",
}


def medians(path: pathlib.Path) -> dict[str, float]:
    """Median of each figure over the rounds."""
    rounds = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def shown(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds * 1e6:.1f} µs"


def table(ray: dict[str, float], beam: dict[str, float]) -> str:
    """The Markdown table."""
    lines = ["| | Ray | beam | Ray / beam |", "|---|---|---|---|"]
    for name, label in LABELS.items():
        ratio = ray[name] / beam[name]
        lines.append(f"| {label} | {shown(ray[name])} | {shown(beam[name])} | {ratio:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table, or writes it into a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=pathlib.Path)
    parser.add_argument("ray", type=pathlib.Path)
    parser.add_argument("beam", type=pathlib.Path)
    options = parser.parse_args()
    made = table(medians(options.ray), medians(options.beam))
    if not options.into:
        print(made)
        return
    publish(options.into, "bench", made)


if __name__ == "__main__":
    main()
