"""What the daemon tells a driver for people: its workers' output, deaths, and warnings."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import IO, Any, Callable

from .log_dedup import TQDM_MARK, Batch, Deduplicator, first_hint

logger = logging.getLogger("ray")

_CYAN = "\x1b[36m"
_GREEN = "\x1b[32m"
#: Colours of processes, where each is to have its own: magenta, cyan, green, and brighter ones.
_COLOURS = ("\x1b[35m", _CYAN, _GREEN, "\x1b[90m", "\x1b[94m", "\x1b[95m")
_PLAIN = "\x1b[0m"


class LogPrinter:
    """Prints workers' lines as Ray does: ``(Class pid=1, ip=10.0.0.1) line``.

    The address is left out where it is this machine's. Colours are for terminals; RAY_COLOR_PREFIX
    says otherwise: 0 for none, 1 for one of each process's own, everywhere.
    """

    def __init__(self, own_ip: str) -> None:
        self._own_ip = own_ip
        self._turns: deque[Callable[[], None]] = deque()
        self._printing = threading.Lock()
        hints = first_hint()
        self._streams = {name: Deduplicator(hints=hints) for name in ("out", "err")}
        self._colours = os.environ.get("RAY_COLOR_PREFIX", "")

    def in_turn(self, work: Callable[[], None]) -> None:
        """Does ``work``; where another thread is printing, that one does it next.

        So lines stay in their order. Nobody waits: it may be a signal's handler that prints.
        """
        self._turns.append(work)
        while self._turns and self._printing.acquire(blocking=False):
            try:
                while self._turns:
                    self._turns.popleft()()
            finally:
                self._printing.release()

    @property
    def window(self) -> float | None:
        """In how many seconds to call `ripe`, None where nothing is held back."""
        if any(stream.holds for stream in self._streams.values()):
            return self._streams["out"].window
        return None

    def take(self, message: Batch) -> None:
        """Prints new lines of a process, or holds them back."""
        stream = str(message["stream"])
        for batch in self._streams["err" if stream == "err" else "out"].take(message):
            self._print(batch)

    def ripe(self) -> None:
        """Prints what was held back for long enough."""
        for stream in self._streams.values():
            for batch in stream.ripe():
                self._print(batch)

    def flush(self) -> None:
        """Prints what is held back."""
        for stream in self._streams.values():
            for batch in stream.flush():
                self._print(batch)

    def _print(self, batch: Batch) -> None:
        target: IO[str] | None = sys.stderr if batch["stream"] == "err" else sys.stdout
        if target is None or not batch["lines"]:
            return
        place = "" if batch["ip"] == self._own_ip else f", ip={batch['ip']}"
        prefix = f"({batch['name']} pid={batch['pid']}{place})"
        repeated = str(batch.get("repeated", ""))
        with contextlib.suppress(OSError, ValueError):  # closed, as at the end of a program
            colour = self._colour(batch, target)
            if colour:
                prefix = f"{colour}{prefix}{_PLAIN}"
                repeated = repeated and f"{_GREEN}{repeated}{_PLAIN}"
            lines = [line for line in batch["lines"] if TQDM_MARK not in line]
            if len(lines) < len(batch["lines"]):
                _show_bars([line for line in batch["lines"] if TQDM_MARK in line])
            _write(target, "".join(f"{prefix} {line}{repeated}\n" for line in lines))
            target.flush()

    def _colour(self, batch: Batch, target: IO[str]) -> str:
        if self._colours == "0":
            return ""
        if self._colours == "1":
            return _COLOURS[int(batch["pid"]) % len(_COLOURS)]
        return _CYAN if target.isatty() else ""


def _write(target: IO[str], text: str) -> None:
    try:
        target.write(text)
    except UnicodeEncodeError as error:  # its encoding lacks a character of somebody's output
        target.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))


def _show_bars(lines: list[str]) -> None:
    from ray.experimental import tqdm_ray

    for line in lines:
        tqdm_ray.process_line(line)


def print_log(message: dict[str, Any], session: Any) -> None:
    """Prints a worker's new lines for the session's driver, now or once they are complete."""
    printer = session.log_printer
    if printer is None:
        printer = session.log_printer = LogPrinter(session.node_ip)
    printer.in_turn(lambda: printer.take(message))
    _watch(printer, session)


def _watch(printer: LogPrinter, session: Any) -> None:
    window = printer.window
    if window is None or session.log_watched or session.pump.closed:
        return
    session.log_watched = True

    def ripe() -> None:
        session.log_watched = False
        printer.in_turn(printer.ripe)
        _watch(printer, session)

    session.pump.call_later(window, lambda: session.pump.deferred.append(ripe))


def flush_logs(session: Any) -> None:
    """Prints what is held back, when the session ends."""
    printer = session.log_printer
    if printer is not None:
        printer.in_turn(printer.flush)


def show_warning(message: dict[str, Any]) -> None:
    """Shows a sentence of the daemon."""
    logger.warning("%s", message["text"])


def actor_words(facts: Mapping[str, Any]) -> str:
    """``Actor rank0 (3692b237…)``, of `actor_id`, and `class_name` and `name` where known."""
    named = facts.get("name") or facts.get("class_name")
    return f"Actor {named + ' ' if named else ''}({str(facts['actor_id'])[:8]}…)"


#: Ends that somebody wanted, or, of a constructor that raised, that the worker has printed.
_TOLD = frozenset(("killed", "owner", "group", "init"))


def show_death(report: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Tells of an actor's end that nobody asked for, not even the actor itself.

    A program may learn of it without its cause: `ray.wait` only says that a call is done.

    Args:
        report: of the actor, or of the node that it was lost with.
        facts: `actor_id`, and `class_name` and `name` where known.
    """
    message = str(report.get("message")).strip()
    if report.get("kind") in _TOLD or message.startswith("the actor ended"):
        return
    said = f"{actor_words(facts)} died: {message[:1].lower()}{message[1:]}"
    first = report.get("caused_by")
    if first:
        why = report.get("cause_message")
        said += f"\nThe first to end was {first}{f': {why}' if why else '.'}"
    if report.get("mend"):
        said += f"\n{report['mend']}"
    logger.warning("%s", said)
