"""Types lines into an interactive shell on a terminal and tells what came of them.

Standard input is JSON: the shell's command, its environment, lines for its start, and lines to
type, in which a tabulator asks for completion. Standard output is JSON: what the terminal showed
for each line.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

# Nothing here takes as long; it ends a shell that hangs.
PATIENCE = 30.0
MARK = "line-was-run"


def main() -> None:
    asked = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(asked["command"][0], asked["command"], asked["env"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    try:
        for number, line in enumerate(asked["start"]):
            send(terminal, line + "\r")
            until(terminal, f"ready-{number}")
        print(json.dumps([shown(terminal, line) for line in asked["lines"]]))
    finally:
        os.close(terminal)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def shown(terminal: int, line: str) -> str:
    """What the terminal shows from the first letter of the line until what was run has said so."""
    # What follows a tabulator waits in the terminal until the shell has completed.
    send(terminal, line + "\r")
    return plain(until(terminal, MARK))


def send(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def until(terminal: int, mark: str) -> str:
    text = ""
    deadline = time.monotonic() + PATIENCE
    while mark not in plain(text).replace(f"echo {mark}", ""):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise SystemExit(f"the shell does not come to {mark!r}: {plain(text)!r}")
        text += os.read(terminal, 65536).decode(errors="replace")
    return text


def plain(text: str) -> str:
    """Without what moves the cursor and sets colours."""
    return re.sub(
        r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHMNOZ])",
        "",
        text,
    )


if __name__ == "__main__":
    main()
