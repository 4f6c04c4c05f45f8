"""Starts `vllm serve` over the cluster, asks it for a completion over HTTP, prints `SERVED {json}`,
ends it.

usage: serve.py MODEL [--tp N]

What the server prints goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

PROMPT = "w5 w9 w13 w17"
START_LIMIT = 300.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(base: str, server: subprocess.Popen[bytes]) -> None:
    """Returns when the server answers `/health`; ends the program where it cannot any more."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"vllm serve ended with exit code {server.returncode} before it was healthy")
        try:
            with urllib.request.urlopen(f"{base}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"vllm serve was not healthy after {START_LIMIT:.0f} s")


def complete(base: str, model: str, count: int) -> list[str]:
    """The words of a greedy completion."""
    body = {
        "model": model,
        "prompt": PROMPT,
        "max_tokens": count,
        "temperature": 0,
        "ignore_eos": True,
    }
    request = urllib.request.Request(
        f"{base}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return str(json.load(answer)["choices"][0]["text"]).split()


def main() -> None:
    """Serves, asks, prints, ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--tp", type=int, default=2)
    options = parser.parse_args()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = (
        f"vllm serve {options.model} --host 127.0.0.1 --port {port} --enforce-eager --dtype float32"
    )
    command += f" --max-model-len 128 --max-num-seqs 8 --kv-cache-memory-bytes {64 << 20}"
    command += f" --tensor-parallel-size {options.tp} --distributed-executor-backend ray"
    began = time.monotonic()
    server = subprocess.Popen(command.split(), stdout=sys.stderr, start_new_session=True)
    try:
        wait_until_healthy(base, server)
        healthy = time.monotonic() - began
        words = complete(base, options.model, 8)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    result = {"healthy_s": round(healthy, 2), "tokens": [int(word[1:]) for word in words]}
    print("SERVED " + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
