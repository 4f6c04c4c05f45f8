"""Runs a command on a terminal of its own and sends it keys; tells what it wrote and left.

Each line of standard input is `wait TEXT`, `key TEXT` or `signal NAME`; a line of JSON comes back
at the end.
"""

import json
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 60.0


def main() -> None:
    rows, columns = 30, 100
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "LINES": str(rows), "COLUMNS": str(columns)})
        os.execvp(sys.argv[1], sys.argv[1:])
    import fcntl
    import struct

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    before = termios.tcgetattr(fd)
    output = b""
    seen = 0
    ended = False

    def read(timeout: float) -> None:
        nonlocal output, ended
        if not select.select([fd], [], [], timeout)[0]:
            return
        try:
            part = os.read(fd, 65536)
        except OSError:
            part = b""
        ended = ended or not part
        output += part

    for line in sys.stdin:
        what, _, text = line.rstrip("\n").partition(" ")
        if what == "key":
            os.write(fd, text.encode())
        elif what == "signal":
            os.kill(pid, signal.Signals[text])
        else:
            until = time.monotonic() + PATIENCE
            while text.encode() not in output[seen:]:
                if ended or time.monotonic() > until:
                    sys.exit(f"{text!r} did not come; after it stood: {output[seen:]!r}")
                read(0.1)
            seen = output.index(text.encode(), seen) + len(text)
    flags = termios.tcgetattr(fd)[3] if not ended else before[3]
    until = time.monotonic() + PATIENCE
    while not ended and time.monotonic() < until:
        read(0.1)
        if not ended:
            flags = termios.tcgetattr(fd)[3]
    _, status = os.waitpid(pid, 0)
    left = {
        "code": os.waitstatus_to_exitcode(status),
        "restored": (flags & (termios.ICANON | termios.ECHO)) == (termios.ICANON | termios.ECHO),
        "output": output.decode(errors="replace"),
    }
    print(json.dumps(left))


main()
