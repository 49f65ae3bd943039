"""RFC 4475 and RFC 5118 as data, and what becomes of each message on a running server.

The sender is an identified trunk, so that every answer is about the message and not about who sent it.
"""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
SILENCE: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Final answers by UDP and by TCP, and whether the TCP connection is closed after them."""

    udp: tuple[int, ...]
    tcp: tuple[int, ...]
    closes: bool = False


def answered(status: int) -> Outcome:
    """One answer, the same either way."""
    return Outcome((status,), (status,))


UNANSWERED = Outcome(SILENCE, SILENCE)
# A stream whose boundaries are lost is closed behind the answer (RFC 3261 section 18.3).
BROKEN_STREAM = Outcome((400,), (400,), closes=True)
OK, BAD, CHALLENGED, UNKNOWN_NUMBER, NO_DIALOG = map(answered, (200, 400, 401, 404, 481))

RFC_4475 = {
    # 3.1.1 valid messages
    "wsinv": NO_DIALOG,  # its To has a tag: it belongs to a dialog that is not ours
    "intmeth": answered(501),
    "esc01": UNKNOWN_NUMBER,
    "escnull": CHALLENGED,
    "esc02": answered(501),  # RE%47IST%45R is another method than REGISTER
    "lwsdisp": OK,
    "longreq": UNKNOWN_NUMBER,
    "dblreq": Outcome(
        (401,), (401, 404), closes=True
    ),  # one in a datagram, both in a stream; what follows is none
    "semiuri": OK,
    "transports": OK,
    "mpart01": answered(405),
    "unreason": UNANSWERED,
    "noreason": UNANSWERED,
    # 3.1.2 invalid messages
    "badinv01": BAD,
    "clerr": Outcome((400,), SILENCE),  # a stream waits for the 9,999 octets that were announced
    "ncl": BROKEN_STREAM,
    "scalar02": BAD,
    "scalarlg": UNANSWERED,
    "quotbal": BAD,
    "ltgtruri": BAD,
    "lwsruri": BAD,
    "lwsstart": BAD,
    "trws": BAD,
    "escruri": BAD,
    "baddate": UNKNOWN_NUMBER,  # the Date of a request decides nothing here and is left unread (3.1.2.12)
    "regbadct": BAD,
    "badaspec": BAD,
    "baddn": BAD,
    "badvers": answered(505),
    "mismatch01": BAD,
    "mismatch02": BAD,  # 501 would do as well (3.1.2.18)
    "bigcode": UNANSWERED,
    # 3.2 transactions
    "badbranch": OK,  # the cookie alone is no unique branch: matched as RFC 2543 did
    # 3.3 what elements make of it
    "insuf": BAD,
    "unkscm": answered(416),
    "novelsc": answered(416),
    "unksm2": CHALLENGED,  # and 400 once the sender is known (3.3.4)
    "bext01": answered(420),
    "invut": answered(415),
    "regaut01": CHALLENGED,
    "multi01": BAD,
    "mcl01": BROKEN_STREAM,
    "bcast": UNANSWERED,
    "zeromf": OK,  # an OPTIONS that may go no further is answered by whoever has it (3.3.11)
    "cparam01": CHALLENGED,
    "cparam02": CHALLENGED,
    "regescrt": CHALLENGED,
    "sdp01": answered(406),
    # 3.4 backward compatibility
    "inv2543": Outcome((404,), (400,), closes=True),  # without Content-Length no stream can be cut (18.3)
    # no message of the RFC: a start line without a version
    "test": UNANSWERED,
}

RFC_5118 = {
    "ipv6-good": CHALLENGED,
    "ipv6-bad": BAD,
    "port-ambiguous": CHALLENGED,
    "port-unambiguous": CHALLENGED,
    "ipv6-correct-abnf-2-colons": OK,
    "ipv6-bug-abnf-3-colons": OK,  # 4.10: to be tolerated
    "via-received-param-with-delim": NO_DIALOG,
    "via-received-param-no-delim": OK,
    "mult-ip-in-header": NO_DIALOG,
    "ipv6-in-sdp": UNKNOWN_NUMBER,
    "mult-ip-in-sdp": UNKNOWN_NUMBER,
    "ipv4-mapped-ipv6": UNKNOWN_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Torture:
    """One message and what becomes of it."""

    name: str
    data: bytes
    outcome: Outcome

    @property
    def swallows(self) -> bool:
        """Whether what follows it in a stream is taken for a part of it.

        Too many octets were announced, or (three copies of RFC 5118 with one CR more a line) too few.
        """
        return self.name in ("rfc4475/clerr", *(f"rfc5118/{name}" for name in _COUNTED_SHORT))


_COUNTED_SHORT = ("ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6")


def messages() -> list[Torture]:
    """All of both documents, each with its outcome."""
    found = []
    for folder, outcomes in (("rfc4475", RFC_4475), ("rfc5118", RFC_5118)):
        for name, outcome in outcomes.items():
            data = (DATA / folder / f"{name}.dat").read_bytes()
            if name == "ipv6-bug-abnf-3-colons":  # else it would be a retransmission of the one with two
                data = data.replace(b"z9hG4bKas3-111", b"z9hG4bKas3-112")
            found.append(Torture(f"{folder}/{name}", data, outcome))
    return found
