"""A flood from many addresses: INVITE, REGISTER, OPTIONS and junk in turn, at a steady rate, answers unread.

    python -m tests.hostile.flood SERVER NETWORK RATE SECONDS

NETWORK is three numbers; the sources are its .40 to .239.  Prints how many datagrams left.
"""

import itertools
import secrets
import socket
import sys
import time
from contextlib import suppress

SOURCES = range(40, 240)
BATCH_S = 0.01


def message(kind: str, source: str, server: str, number: int) -> bytes:
    """One message of a kind, each with a branch, Call-ID and user of its own."""
    if kind == "junk":
        return secrets.token_bytes(400)
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {source}\r\ns=-\r\nc=IN IP4 {source}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0\r\n"
        if kind == "INVITE"
        else ""
    )
    target = f"sip:12345@{server}" if kind == "INVITE" else f"sip:{server}"
    lines = [
        f"{kind} {target} SIP/2.0",
        f"Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bKf{number};rport",
        "Max-Forwards: 70",
        f"From: <sip:{8000 + number % 1000}@{server}>;tag=f{number}",
        f"To: <{target}>",
        f"Call-ID: flood-{number}@{source}",
        f"CSeq: 1 {kind}",
        f"Contact: <sip:flood@{source}:5060>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def main() -> None:
    """Send until the time is over."""
    server, network, rate, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    sockets = []
    for last in SOURCES:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((f"{network}.{last}", 0))
        sock.setblocking(False)
        sockets.append(sock)
    kinds = itertools.cycle(("INVITE", "REGISTER", "OPTIONS", "junk"))
    began = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * rate:
            sock = sockets[sent // 4 % len(sockets)]
            with suppress(BlockingIOError):
                sock.sendto(message(next(kinds), sock.getsockname()[0], server, sent), (server, 5060))
            sent += 1
        time.sleep(BATCH_S)
    print(sent)


if __name__ == "__main__":
    main()
