"""Names the death that came first in the errors of those that could not go on without it.

Workers that work together fail together: one is killed, and the others' collective calls raise
because they cannot reach it. What they raise often arrives before the report of the death does.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ray.exceptions import ActorDiedError, RayTaskError

from .pump import PumpClosed, Sleeper, finish

if TYPE_CHECKING:
    from .session import Session

#: What libraries say when another process that they talk to is gone. The daemon knows the same.
_PEER_LOST = re.compile(
    r"Connection closed by (?:remote )?peer|Connection reset by peer|Broken pipe"
    r"|remote process exited|ncclRemoteError|Connection was likely closed"
    r"|failed to recv, got 0 bytes|recvValue failed|Watchdog caught collective operation timeout"
    r"|Timed out waiting \d+ms for (?:recv|send) operation|Worker proc \S+ died unexpectedly"
    r"|EngineDeadError|ActorDiedError|ActorUnavailableError|OwnerDiedError|WorkerCrashedError"
)
#: How long a death explains the errors after it, in seconds.
_EXPLAINS = 60.0
#: How long the report of a death is waited for, in seconds.
_PATIENCE = 0.15
#: How the sentence begins; a death report's own does too.
_SAID = "The first to end was"


class _News:
    """Done when a death was heard of."""

    def __init__(self) -> None:
        self.done = False
        self.sleepers: list[Sleeper] | None = None


class HeardDeaths:
    """The latest deaths that were told to this process and did not follow from others."""

    def __init__(self) -> None:
        self._firsts: deque[tuple[float, Mapping[str, Any]]] = deque(maxlen=16)
        self._news: list[_News] = []

    def heard(self, report: Mapping[str, Any] | None) -> None:
        """Keeps a report. The pump's lock is held."""
        if not report or report.get("peer_lost") or report.get("kind") in ("owner", "group"):
            return
        name = (report.get("at"), report.get("who"))
        if any((known.get("at"), known.get("who")) == name for _, known in self._firsts):
            return
        self._firsts.append((time.monotonic(), report))
        news, self._news = self._news, []
        for one in news:
            finish(one)

    def first(self) -> Mapping[str, Any] | None:
        """The latest one, where it is fresh."""
        if not self._firsts or time.monotonic() - self._firsts[-1][0] > _EXPLAINS:
            return None
        return self._firsts[-1][1]

    def await_news(self) -> _News:
        """What is done at the next one. The pump's lock is held."""
        news = _News()
        self._news.append(news)
        return news

    def forget_news(self, news: _News) -> None:
        """Nobody waits for it any more. The pump's lock is held."""
        if news in self._news:
            self._news.remove(news)


def name_first(session: Session, error: RayTaskError | ActorDiedError, wait: bool = True) -> None:
    """Adds to an error that tells of a lost process which one ended first.

    Args:
        wait: a moment for the news of it, where none is known.
    """
    if isinstance(error, ActorDiedError):
        report = error.report
        if report.get("peer_lost") and not report.get("caused_by"):
            said = _first_text(session, wait)
            if said and said not in error.error_msg:
                error.error_msg += f"\n{said}"
        return
    inner: RayTaskError = getattr(error, "_task_error", error)
    text = inner.traceback_str
    if not _PEER_LOST.search(text) or _SAID in text:
        return
    said = _first_text(session, wait)
    if said:
        error.traceback_str = inner.traceback_str = f"{text.rstrip()}\n{said}\n"


def _first_text(session: Session, wait: bool) -> str:
    first = session.deaths.first() or (_await_first(session) if wait else None)
    if first is None:
        return ""
    who = first.get("caused_by") or first.get("who") or "another actor"
    message = first.get("cause_message") or first.get("message")
    mend = f" {first['mend']}" if first.get("mend") else ""
    return f"{_SAID} {who}: {message}{mend}"


def _await_first(session: Session) -> Mapping[str, Any] | None:
    with session.pump.lock:
        news = session.deaths.await_news()
    try:
        session.pump.wait(news, time.monotonic() + _PATIENCE)
    except PumpClosed:
        return None
    finally:
        with session.pump.lock:
            session.deaths.forget_news(news)
    return session.deaths.first()
