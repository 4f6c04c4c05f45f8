"""Run programs on both sides and tell where they differ.

    [--count N] [--minutes N] [--first SEED]            random ones, live on both, for long
    --seed N | --corner NAME | --file PROGRAM.json      one of them
    --record                                            the fixed ones on Ray, into golden.jsonl

`scripts/conformance compare` runs it; RAY_PATH and BEAM_PATH are what PYTHONPATH is for each side.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import pathlib
import sys
import time
from typing import Any

from corners import corners
from generate import Program, generate
from minimise import minimise
from run import render
from side import ENDED, Side, is_unknown

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden.jsonl"
#: The random programs of every run of the tests.
SEEDS = range(1, 25)


def fixed() -> dict[str, Program]:
    """Return the programs whose outcomes are recorded, by their names."""
    return {**corners(), **{f"seed {seed}": generate(seed) for seed in SEEDS}}


def digest(program: Program) -> str:
    """Return what changes when a program does."""
    return hashlib.sha256(json.dumps(program).encode()).hexdigest()[:12]


@functools.cache
def golden() -> dict[str, Any]:
    """Return what was recorded of each program: `digest` and `outcomes`."""
    _, *lines = GOLDEN.read_text().splitlines()
    return {each["name"]: each for each in map(json.loads, lines)}


def differences(program: Program, ray: list[Any], beam: list[Any]) -> list[tuple[str, str, str]]:
    """Return each line whose outcomes differ: the line, Ray's, beam's."""
    found: list[tuple[str, str, str]] = []
    if is_unknown(ray) or beam == ENDED:  # a failure of Ray's own tells nothing of beam
        return [("(all of it)", json.dumps(ray), json.dumps(beam))] if is_unknown(beam) else found
    for index in range(max(len(ray), len(beam))):
        theirs = ray[index] if index < len(ray) else "nothing"
        ours = beam[index] if index < len(beam) else "nothing"
        if theirs == ours:
            continue
        line = program[index] if index < len(program) else "(its end)"
        if isinstance(line, (tuple, list)) and isinstance(theirs, list) and isinstance(ours, list):
            found += differences(line[1], theirs, ours)
        else:
            text = line if isinstance(line, str) else render([line])[0]
            found.append((text, json.dumps(theirs), json.dumps(ours)))
    return found


def sides() -> tuple[Side, Side]:
    """Return genuine Ray and beam."""
    ray = {"PYTHONPATH": os.environ["RAY_PATH"], "RAY_USAGE_STATS_ENABLED": "0"}
    return (
        Side({**ray, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}),
        Side({"PYTHONPATH": os.environ["BEAM_PATH"]}),
    )


def tell(name: str, program: Program, ray: Side, beam: Side) -> bool:
    """Run a program on both; print how they differ; return whether they do not."""
    found = differences(program, ray.outcomes(program), beam.outcomes(program))
    for line, theirs, ours in found:
        print(
            f"{name}: {line[:300]}\n   ray  {theirs}\n   beam {ours}", file=sys.stderr, flush=True
        )
    return not found


def soak(count: int, minutes: float, first: int) -> int:
    ray, beam = sides()
    end = time.monotonic() + 60 * minutes
    lines = run = 0
    try:
        for seed in range(first, first + count):
            if time.monotonic() > end:
                break
            program = generate(seed)
            run += 1
            lines += len(program)
            if tell(f"seed {seed}", program, ray, beam):
                continue

            def fails(smaller: Program) -> bool:
                return bool(differences(smaller, ray.outcomes(smaller), beam.outcomes(smaller)))

            smallest = minimise(program, fails)
            tell(f"seed {seed}, at its smallest", smallest, ray, beam)
            print(f"compare: seed {seed} differs: {json.dumps(smallest)}", file=sys.stderr)
            return 1
        unknown = f"; {ray.failures} times Ray crashed or hung" if ray.failures else ""
        print(f"{run} programs of {lines} lines as on Ray {ray.version}{unknown}")
        return 0
    finally:
        ray.close()
        beam.close()


def record() -> int:
    """Record what Ray does with programs that are new, not as they were, or that it did not end.

    `scripts/conformance ray generated` says whether it does so again.
    """
    ray, _ = sides()
    known = golden() if GOLDEN.exists() else {}
    lines: list[str] = []
    try:
        for name, program in fixed().items():
            began = time.monotonic()
            of = known.get(name, {})
            if of.get("digest") != digest(program) or is_unknown(of["outcomes"]):
                of = {"name": name, "digest": digest(program), "outcomes": ray.outcomes(program)}
                print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
            lines.append(json.dumps(of, separators=(",", ":")))
    finally:
        ray.close()
    if ray.version:
        GOLDEN.write_text("\n".join([json.dumps({"ray": ray.version}), *lines]) + "\n")
    return 0


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=0)
    options.add_argument("--minutes", type=float, default=0)
    options.add_argument("--first", type=int, default=int(time.time()))
    options.add_argument("--record", action="store_true")
    options.add_argument("--seed", type=int)
    options.add_argument("--corner")
    options.add_argument("--file", type=pathlib.Path)
    asked = options.parse_args()
    if asked.record:
        return record()
    program: Program | None = None
    if asked.seed is not None:
        program = generate(asked.seed)
    elif asked.corner:
        program = corners()[asked.corner]
    elif asked.file:
        program = json.loads(asked.file.read_text())
    if program is None:
        unbounded = 0 if asked.count else 10
        return soak(asked.count or 10_000, asked.minutes or unbounded or 10_000, asked.first)
    ray, beam = sides()
    try:
        return 0 if tell("program", program, ray, beam) else 1
    finally:
        ray.close()
        beam.close()


if __name__ == "__main__":
    sys.exit(main())
