"""Programs that no chance makes: wrong use, contexts, and what programs around LLMs call.

Their lines are those of the files in `corners/`; some also run inside a task and inside actors.
"""

from __future__ import annotations

import pathlib

from generate import Program

FOLDER = pathlib.Path(__file__).resolve().with_name("corners")
SET_UP = ["r = ray.put(1)", "ray.get(r)", "actor = Plain.remote()", "ray.get(actor.add.remote(0))"]
GIVEN = "{'r': r, 'actor': actor, 'run': run}"
NAMED = "Plain.options(name=run + 'named', num_gpus=1).remote().block.remote"
ASYNC = "Async.options(max_restarts=1).remote().block.remote"


def lines(name: str) -> Program:
    """Return the lines of a file, without comments."""
    text = (FOLDER / f"{name}.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def corners() -> dict[str, Program]:
    """Return the programs by their names."""
    wrong, contexts = lines("wrong_use"), lines("contexts")
    # An async actor's `ray.get` would hold up its loop.
    waiting_for_nothing = [line for line in contexts if "ray.get(" not in line]
    return {
        "wrong use in the driver": [*SET_UP, *wrong],
        "wrong use in a task": [*SET_UP, (f"ray.get(block.remote(BLOCK, {GIVEN}))", wrong)],
        "contexts": [
            *contexts,
            ("ray.get(block.options(name='named').remote(BLOCK, {}))", contexts),
            (f"ray.get({NAMED}(BLOCK, {{}}))", contexts),
            (f"ray.get({ASYNC}(BLOCK, {{}}))", waiting_for_nothing),
        ],
        "what LLM programs use": lines("llm"),
    }
