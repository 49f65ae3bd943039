"""A kernel filter on a cell's SIP socket: datagrams of anybody but the edge never reach pjsip's parser.

Any process of this machine can send to a loopback address.  The check of the secret in `X-Leg`'s company comes
after the parsing; this one comes before it, and costs the cell nothing, not even a wake-up.
"""

import ctypes
import ipaddress
import os
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

SO_ATTACH_FILTER = 26
_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_LOAD_HALF = 0x28  # BPF_LD | BPF_H | BPF_ABS
_JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_NETWORK_HEADER = 0xFFF00000  # SKF_NET_OFF: offsets from the start of the IP header
_SOURCE_ADDRESS = _NETWORK_HEADER + 12
_SOURCE_PORT = 0  # the filter of a UDP socket sees the packet from its UDP header on
_WHOLE = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]


def only_from(address: str, port: int) -> tuple[Instruction, ...]:
    """Classic BPF: keep a UDP datagram over IPv4 from this address and port, drop any other."""
    return (
        (_LOAD_WORD, 0, 0, _SOURCE_ADDRESS),
        (_JUMP_IF_EQUAL, 0, 3, int(ipaddress.IPv4Address(address))),
        (_LOAD_HALF, 0, 0, _SOURCE_PORT),
        (_JUMP_IF_EQUAL, 0, 1, port),
        (_RETURN, 0, 0, _WHOLE),
        (_RETURN, 0, 0, 0),
    )


def attach(descriptor: int, program: Sequence[Instruction]) -> None:
    """Attach a filter to an open socket, given by its file descriptor.  Raises `OSError`."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(memory))
    ours = socket.socket(fileno=os.dup(descriptor))
    try:
        ours.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, header)
    finally:
        ours.close()


def descriptor_bound_to(address: str, port: int) -> int | None:
    """The file descriptor of this process whose UDP socket is bound there; None when there is none.

    The SIP stack opens its socket itself and does not say which one it is.
    """
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            probe = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:
            continue
        with probe:
            if probe.type != socket.SOCK_DGRAM or probe.family != socket.AF_INET:
                continue
            if probe.getsockname() == (address, port):
                return int(entry.name)
    return None
