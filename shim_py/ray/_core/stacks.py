"""What every thread of this process is doing, as text: for who looks at one that seems stuck."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback
from types import FrameType

#: Frames shown of one thread or task: the innermost.
_MOST_FRAMES = 60
_MOST_TASKS = 50


def stacks() -> str:
    """The threads' stacks, innermost frame last, and the tasks of their event loops."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    main = threading.main_thread().ident
    # The main thread first: what user code does is mostly there.
    frames = sorted(sys._current_frames().items(), key=lambda one: (one[0] != main, one[0]))
    out = io.StringIO()
    loops: list[asyncio.AbstractEventLoop] = []
    for ident, frame in frames:
        if ident == threading.get_ident():
            continue  # it does nothing but write this
        out.write(f"Thread {names.get(ident, ident)}{' (main)' if ident == main else ''}\n")
        out.writelines(traceback.format_list(traceback.extract_stack(frame)[-_MOST_FRAMES:]))
        loops.extend(loop for loop in _loops_in(frame) if loop not in loops)
    for loop in loops:
        _write_tasks(out, loop)
    return out.getvalue()


def _loops_in(frame: FrameType | None) -> list[asyncio.AbstractEventLoop]:
    found = []
    while frame is not None:
        if frame.f_code.co_name == "run_forever":
            loop = frame.f_locals.get("self")
            if isinstance(loop, asyncio.AbstractEventLoop):
                found.append(loop)
        frame = frame.f_back
    return found


def _write_tasks(out: io.StringIO, loop: asyncio.AbstractEventLoop) -> None:
    try:
        tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    except RuntimeError:  # they change too fast just now
        return
    for task in tasks[:_MOST_TASKS]:
        out.write(f"Task {task.get_name()}\n")
        for frame in task.get_stack(limit=_MOST_FRAMES):
            out.writelines(traceback.format_list(traceback.extract_stack(frame, limit=1)))
    if len(tasks) > _MOST_TASKS:
        out.write(f"and {len(tasks) - _MOST_TASKS} more tasks\n")
