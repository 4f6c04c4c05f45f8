"""Measures calls and large values between two nodes, and makes the table of scripts/wire_cost.

usage: wire_cost_program.py        the driver: prints its figures as one line of JSON
       wire_cost_program.py --table DIR [--into FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import time

from _published import publish

OTHER = "node:127.0.0.2"
CALLS = 400
IN_FLIGHT = 5000
PART = 512 * 1024
PARTS = 64
LARGE = 128 * 1024 * 1024
LABELS = {
    "call": ("actor call to the other node, one at a time", "µs"),
    "calls": ("the same, 5,000 in flight", "calls/s"),
    "parts": ("512 KiB there and back, 8 in flight, each way", "MB/s"),
    "large": ("a value of 128 MiB brought here", "MB/s"),
}
WIRES = {"open": "open", "sealed": "sealed (token)", "tls": "TLS"}


def measure() -> dict[str, float]:
    """The figures of one cluster."""
    import ray

    @ray.remote(num_cpus=0, resources={OTHER: 0.01})
    class Echo:
        """Answers."""

        def echo(self, data: bytes) -> bytes:
            return data

        def make(self, size: int) -> list[ray.ObjectRef]:
            return [ray.put(bytes(size))]

    ray.init(log_to_driver=False)
    echo = Echo.remote()
    ray.get([echo.echo.remote(b"") for _ in range(200)])
    single = []
    for _ in range(CALLS):
        began = time.perf_counter()
        ray.get(echo.echo.remote(b"x"))
        single.append(time.perf_counter() - began)
    began = time.perf_counter()
    ray.get([echo.echo.remote(b"x") for _ in range(IN_FLIGHT)])
    calls = IN_FLIGHT / (time.perf_counter() - began)
    part = os.urandom(PART)
    began = time.perf_counter()
    waiting: list[ray.ObjectRef] = []
    for _ in range(PARTS):
        if len(waiting) == 8:
            ray.get(waiting.pop(0))
        waiting.append(echo.echo.remote(part))
    ray.get(waiting)
    parts = PART * PARTS / 1e6 / (time.perf_counter() - began)
    large = []
    for _ in range(3):
        [ref] = ray.get(echo.make.remote(LARGE))
        began = time.perf_counter()
        assert len(ray.get(ref)) == LARGE
        large.append(LARGE / 1e6 / (time.perf_counter() - began))
        del ref
    return {
        "call": statistics.median(single) * 1e6,
        "calls": calls,
        "parts": parts,
        "large": statistics.median(large),
    }


def table(folder: pathlib.Path) -> str:
    """The Markdown table of the medians."""
    found = {}
    for wire in WIRES:
        lines = (folder / wire).read_text().splitlines()
        rounds = [json.loads(line) for line in lines if line.startswith("{")]
        found[wire] = {name: statistics.median(one[name] for one in rounds) for name in LABELS}
    lines = ["| | " + " | ".join(WIRES.values()) + " |", "|---" * (len(WIRES) + 1) + "|"]
    for name, (label, unit) in LABELS.items():
        values = " | ".join(f"{found[wire][name]:,.0f} {unit}" for wire in WIRES)
        lines.append(f"| {label} | {values} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, or makes the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path)
    options = parser.parse_args()
    if options.table is None:
        print(json.dumps(measure()), flush=True)
        return
    made = table(options.table)
    print(made)
    if options.into:
        publish(options.into, "wire_cost", made)


if __name__ == "__main__":
    main()
