"""The profiler Nsight Systems: the command under which workers run.

The node's daemon makes the same command (`lib/node/environment_spec.ts`); these are for programs
that import them.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What `nsight="default"` stands for.
NSIGHT_DEFAULT_CONFIG = {
    "t": "cuda,cudnn,cublas,nvtx",
    "o": "'worker_process_%p'",
    "stop-on-exit": "true",
}


def parse_nsight_config(nsight_config: Mapping[str, str]) -> list[str]:
    """Return the words of the command: one-letter options stand apart from their values."""
    words = ["nsys", "profile"]
    for option, value in nsight_config.items():
        words += [f"--{option}={value}"] if len(option) > 1 else [f"-{option}", value]
    return words
