"""The smallest program that still fails."""

from __future__ import annotations

from typing import Any, Callable

Program = list[Any]


def minimise(program: Program, fails: Callable[[Program], bool], tries: int = 60) -> Program:
    """Leave out lines, halves first, also inside blocks, as long as it still fails.

    Args:
        program: one that fails.
        fails: whether a program does.
        tries: how often that is asked at most.
    """
    left = tries
    size = max(1, len(program) // 2)
    while size and left > 0:
        smaller = None
        for candidate in _without(program, size):
            if left <= 0:
                break
            left -= 1
            if fails(candidate):
                smaller = candidate
                break
        if smaller is not None:
            program = smaller
            size = min(size, max(1, len(program) // 2))
        else:
            size //= 2
    return program


def _without(program: Program, size: int) -> list[Program]:
    """The program without each run of `size` lines, the last first; and with smaller blocks."""
    starts = range(len(program) - size, -1, -size)
    candidates = [program[:start] + program[start + size :] for start in starts]
    for index, line in enumerate(program):
        if not isinstance(line, str):
            for inner in _without(line[1], min(size, len(line[1]))) if line[1] else []:
                candidates.append([*program[:index], (line[0], inner), *program[index + 1 :]])
    return candidates
