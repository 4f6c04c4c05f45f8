"""Drops or rejects packets in the network namespace that it runs in, by the kernel's nftables.

usage: firewall.py clear
       firewall.py from ADDRESS      what comes from there
       firewall.py port PORT         what comes to that TCP port
       firewall.py loss ADDRESS      one in twenty, chosen by chance, of what comes from there
       firewall.py rule VERDICT [from ADDRESS] [port PORT] [but PORT] [larger BYTES] [new]
                                     TCP packets that all of this fits: `but` any other port,
                                     `new` only those that open a connection. VERDICT is drop,
                                     refuse (as REJECT does) or prohibit (as firewalld does)

It speaks to the kernel itself (linux/netfilter/nf_tables.h), so that no `nft` need be installed.
Each call puts its rule in place of the former.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

TABLE = b"beam_faults\0"
CHAIN = b"in\0"
NETFILTER = 12
IPV4 = 2
NFTABLES = 10
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NEW_TABLE, DELETE_TABLE, NEW_CHAIN, NEW_RULE = 0, 2, 3, 6
REQUEST, ACK, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
NESTED = 0x8000
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
REGISTER, VERDICT_REGISTER = 1, 0
L4_PROTOCOL = 16
INPUT_HOOK, ACCEPT, DROP = 1, 1, 0
RANDOM = 1
EQUAL, DIFFERENT, GREATER = 0, 1, 4
PORT_UNREACHABLE, ADMINISTRATIVELY_PROHIBITED = 3, 13


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value))


def nested(kind: int, *parts: bytes) -> bytes:
    return attribute(NESTED | kind, b"".join(parts))


def expression(name: str, *parts: bytes) -> bytes:
    return nested(1, attribute(1, name.encode() + b"\0"), nested(2, *parts))


def payload(base: int, offset: int, length: int) -> bytes:
    parts = [REGISTER, base, offset, length]
    return expression("payload", *(number(at, part) for at, part in enumerate(parts, 1)))


def compare(how: int, value: bytes) -> bytes:
    return expression("cmp", number(1, REGISTER), number(2, how), nested(3, attribute(1, value)))


def equals(value: bytes) -> bytes:
    return compare(EQUAL, value)


def from_address(address: str) -> list[bytes]:
    return [payload(NETWORK_HEADER, 12, 4), equals(socket.inet_aton(address))]


def of_tcp() -> list[bytes]:
    protocol = expression("meta", number(1, REGISTER), number(2, L4_PROTOCOL))
    return [protocol, equals(bytes([socket.IPPROTO_TCP]))]


def port(how: int, value: int) -> list[bytes]:
    return [payload(TRANSPORT_HEADER, 2, 2), compare(how, struct.pack(">H", value))]


def to_port(value: int) -> list[bytes]:
    return [*of_tcp(), *port(EQUAL, value)]


def larger(size: int) -> list[bytes]:
    return [payload(NETWORK_HEADER, 2, 2), compare(GREATER, struct.pack(">H", size))]


def opening() -> list[bytes]:
    """SYN without ACK."""
    mask, none = nested(4, attribute(1, b"\x12")), nested(5, attribute(1, b"\0"))
    flags = [number(1, REGISTER), number(2, REGISTER), number(3, 1), mask, none]
    return [payload(TRANSPORT_HEADER, 13, 1), expression("bitwise", *flags), equals(b"\x02")]


def one_in_twenty() -> list[bytes]:
    chance = expression("numgen", number(1, REGISTER), number(2, 20), number(3, RANDOM))
    return [chance, equals(struct.pack("=I", 0))]


def drop() -> bytes:
    verdict = nested(2, number(1, DROP))
    return expression("immediate", number(1, VERDICT_REGISTER), nested(2, verdict))


def reject(code: int) -> bytes:
    return expression("reject", number(1, 0), attribute(2, bytes([code])))


def rule(words: list[str]) -> list[bytes]:
    """The matches and verdict of `rule`.

    Raises:
        SystemExit: a word that is none.
    """
    given = iter(words)
    verdicts = {
        "drop": drop,
        "refuse": lambda: reject(PORT_UNREACHABLE),
        "prohibit": lambda: reject(ADMINISTRATIVELY_PROHIBITED),
    }
    verdict = verdicts[next(given)]
    matches = of_tcp()
    for word in given:
        if word == "from":
            matches += from_address(next(given))
        elif word == "port":
            matches += port(EQUAL, int(next(given)))
        elif word == "but":
            matches += port(DIFFERENT, int(next(given)))
        elif word == "larger":
            matches += larger(int(next(given)))
        elif word == "new":
            matches += opening()
        else:
            raise SystemExit(f"firewall.py: Cannot read the rule: {word} is no part of one")
    return [*matches, verdict()]


def message(kind: int, flags: int, family: int, resource: int, *parts: bytes) -> bytes:
    body = struct.pack(">BBH", family, 0, resource) + b"".join(parts)
    return struct.pack("=IHHII", 16 + len(body), kind, flags, kind, 0) + body


def change(kind: int, flags: int, *parts: bytes) -> bytes:
    return message(NFTABLES << 8 | kind, REQUEST | ACK | flags, IPV4, 0, *parts)


def ask(*changes: bytes) -> None:
    """Has the kernel make all of the changes, or none.

    Raises:
        OSError: it refuses.
    """
    begin = message(BATCH_BEGIN, REQUEST, 0, NFTABLES)
    end = message(BATCH_END, REQUEST, 0, NFTABLES)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER) as kernel:
        kernel.bind((0, 0))
        kernel.settimeout(10)
        kernel.send(begin + b"".join(changes) + end)
        answered = 0
        while answered < len(changes):
            data = kernel.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == 2:  # an answer: an error number, 0 for none
                    (error,) = struct.unpack_from("=i", data, 16)
                    if error:
                        raise OSError(-error, os.strerror(-error))
                    answered += 1
                data = data[(length + 3) & ~3 :]


def main() -> None:
    name = attribute(1, TABLE)
    # Made first, so that there is one to delete.
    table = change(NEW_TABLE, CREATE, name)
    ask(table, change(DELETE_TABLE, 0, name))
    if sys.argv[1] == "clear":
        return
    what, *values = sys.argv[1:]
    if what == "rule":
        expressions = rule(values)
    else:
        matches = to_port(int(values[0])) if what == "port" else from_address(values[0])
        expressions = [*matches, *(one_in_twenty() if what == "loss" else []), drop()]
    hook = nested(4, number(1, INPUT_HOOK), number(2, 0))
    chain = [name, attribute(3, CHAIN), hook, number(5, ACCEPT), attribute(7, b"filter\0")]
    added = [name, attribute(2, CHAIN), nested(4, *expressions)]
    ask(table, change(NEW_CHAIN, CREATE, *chain), change(NEW_RULE, CREATE | APPEND, *added))


if __name__ == "__main__":
    main()
