"""The logger `ray`: to stderr, never to stdout."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field


class _StderrHandler(logging.Handler):
    # Looks the stream up at each line, because programs and test runners replace it.
    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


@dataclass
class LoggingConfig:
    """Settings of Python's loggers, for `ray.init(logging_config=...)`.

    Args:
        encoding: TEXT; JSON is not there.
        log_level: level of the logger `ray`.
        additional_log_standard_attrs: accepted, without effect.
    """

    encoding: str = "TEXT"
    log_level: str = "INFO"
    additional_log_standard_attrs: list[str] = field(default_factory=list)


FORMAT = "%(asctime)s\t%(levelname)s %(filename)s:%(lineno)s -- %(message)s"


def configure(level: int | str, log_format: str | None) -> None:
    """Give the logger `ray` a handler to stderr, once, and a level.

    Args:
        level: as logging takes it; names also in lower case.
        log_format: format of a line, None for the usual one.
    """
    logger = logging.getLogger("ray")
    logger.setLevel(level.upper() if isinstance(level, str) else level)
    handler = next((one for one in logger.handlers if isinstance(one, _StderrHandler)), None)
    if handler is None:
        handler = _StderrHandler()
        logger.addHandler(handler)
        logger.propagate = False
    handler.setFormatter(logging.Formatter(log_format or FORMAT))


__all__ = ["LoggingConfig", "configure"]
