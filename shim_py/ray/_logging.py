"""The logger `ray`: to stderr, never to stdout."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ray._log_formats import FORMATTERS, STANDARD, ContextFilter


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
    """How Python's loggers write in the driver and in all workers of its job.

    Args:
        encoding: TEXT or JSON.
        log_level: level of the root logger and of the logger `ray`.
        additional_log_standard_attrs: further attributes of records to write, by the names that
            `logging` has for them.

    Raises:
        ValueError: the encoding or an attribute is unknown.
    """

    encoding: str = "TEXT"
    log_level: str = "INFO"
    additional_log_standard_attrs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.encoding not in FORMATTERS:
            raise ValueError(
                f"Invalid encoding type: {self.encoding}. "
                f"Valid encoding types are: {list(FORMATTERS)}"
            )
        for name in self.additional_log_standard_attrs:
            if name not in STANDARD:
                raise ValueError(
                    f"Unknown python logging standard attribute: {name}. "
                    f"The valid attributes are: {sorted(STANDARD)}"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> LoggingConfig:
        """Return what `to_dict` made a dict of; unknown keys are left out."""
        known = {one.name for one in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in d.items() if name in known})

    def _apply(self) -> None:
        """Set the loggers of this process up."""
        handler = _StderrHandler()
        handler.setLevel(self.log_level)
        handler.setFormatter(FORMATTERS[self.encoding](self.additional_log_standard_attrs))
        handler.addFilter(ContextFilter())
        for logger in (logging.getLogger(), logging.getLogger("ray")):
            logger.setLevel(self.log_level)
            for one in logger.handlers[:]:
                if isinstance(one, _StderrHandler):
                    logger.removeHandler(one)
            logger.addHandler(handler)
        logging.getLogger("ray").propagate = False


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
