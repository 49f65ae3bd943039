"""The outside's dialogs (RFC 3261 section 12): one a leg, with all that is needed to end it without a cell.

A dialog is plain state.  Whatever changes it goes through `Dialog.move` or sets a field here, and is then written
down as one JSON record, from which a new control goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.sip.events import Peer, PeerKind, RemoteMedia
from softswitch.sip.flows import Flow
from softswitch.sip.message import Request, SipUri, parse
from softswitch.sip.offer_answer import LocalMedia, OfferAnswer
from softswitch.sip.relays import Relay
from softswitch.sip.sdes import Secrecy, fresh_key


class Phase(StrEnum):
    """Where a leg stands, seen from the outside."""

    ARRIVED = "arrived"  # the outside's INVITE waits for control
    PREPARED = "prepared"  # a destination is known, the cell's INVITE is not here yet
    EARLY = "early"  # the INVITE is carried across, no final answer passed
    ANSWERED = "answered"  # a 2xx passed, its ACK did not
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Step(StrEnum):
    """What moves a leg."""

    CARRIED = "carried"
    RETURNED = "returned"  # the cell was full: back to control
    ACCEPTED = "accepted"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


TRANSITIONS: dict[Phase, dict[Step, Phase]] = {
    Phase.ARRIVED: {Step.CARRIED: Phase.EARLY, Step.CLOSED: Phase.ENDED},
    Phase.PREPARED: {Step.CARRIED: Phase.EARLY, Step.CLOSED: Phase.ENDED},
    Phase.EARLY: {
        Step.CARRIED: Phase.EARLY,
        Step.RETURNED: Phase.ARRIVED,
        Step.ACCEPTED: Phase.ANSWERED,
        Step.CLOSED: Phase.ENDED,
    },
    Phase.ANSWERED: {
        Step.ACCEPTED: Phase.ANSWERED,
        Step.ACKNOWLEDGED: Phase.CONFIRMED,
        Step.CLOSED: Phase.ENDED,
    },
    Phase.CONFIRMED: {
        Step.ACCEPTED: Phase.CONFIRMED,
        Step.ACKNOWLEDGED: Phase.CONFIRMED,
        Step.CLOSED: Phase.ENDED,
    },
    Phase.ENDED: {},
}


class UnknownLeg(Exception):
    """Control named a leg that the edge does not have (or has no longer)."""

    def __init__(self, leg_id: str) -> None:
        super().__init__(f"no leg {leg_id}")
        self.leg_id = leg_id


class WrongPhase(Exception):
    """Control asked for what a leg in this phase cannot do."""

    def __init__(self, leg_id: str, phase: Phase, wanted: str) -> None:
        super().__init__(f"leg {leg_id} is {phase}: cannot {wanted}")
        self.leg_id = leg_id
        self.phase = phase


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCause:
    """Why a leg ended, as the outside saw or said it.  `method` is BYE, CANCEL or INVITE (a final refusal)."""

    status: int
    q850_cause: int | None
    reason: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEnd:
    """Where in-dialog requests go: the remote target and the route set, in order."""

    target: str
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkTarget:
    """A number behind a trunk."""

    trunk: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTarget:
    """Whatever an account registered.  `contact` picks one of several (its URI), empty for the first."""

    account: str
    contact: str = ""


@dataclass(slots=True, kw_only=True)
class Dialog:
    """One leg: who is there, the outside's dialog, and the cell that carries it."""

    leg_id: str
    inbound: bool
    peer: Peer
    networks: tuple[str, ...]
    sources: tuple[str, ...]
    flow: Flow
    nat_address: str | None = None
    phase: Phase = Phase.ARRIVED
    # The outside's dialog.  `local` and `remote` are our and their From/To without tag.
    call_id: str = ""
    local: str = ""
    remote: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    local_cseq: int = 0
    remote_cseq: int = -1
    remote_end: RemoteEnd | None = None
    early_ends: dict[str, RemoteEnd] = field(default_factory=dict)
    # Outbound only: what `Edge.prepare` settled.
    request_uri: str = ""
    extra_headers: tuple[tuple[str, str], ...] = ()
    # The cell's side.  `owes_cell` is the BYE or CANCEL that could not be told: the cell was not known yet.
    cell_id: str | None = None
    cell_call_id: str = ""
    cell_target: str = ""
    attempt: int = 0
    owes_cell: str = ""
    challenges: int = 0
    patience_s: float | None = None  # for a trunk that says nothing at all; None: as long as its transaction
    # Bodies.
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    media: OfferAnswer | None = None
    told: RemoteMedia | None = None
    # The first INVITE (`arrival` until it is carried, inbound only), and how the leg ended.
    invite: Relay | None = None
    arrival: Request | None = None
    end: EndCause | None = None
    is_forgotten: bool = False

    def move(self, step: Step) -> None:
        """Take a step; WrongPhase when the table has none."""
        following = TRANSITIONS[self.phase].get(step)
        if following is None:
            raise WrongPhase(self.leg_id, self.phase, step)
        self.phase = following

    @property
    def is_confirmed(self) -> bool:
        """Whether the dialog stands and was acknowledged."""
        return self.phase is Phase.CONFIRMED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will pass."""
        return self.phase is Phase.ENDED

    @property
    def is_first_invite_open(self) -> bool:
        """Whether the first INVITE still waits for its final answer."""
        return self.phase in (Phase.ARRIVED, Phase.PREPARED, Phase.EARLY)

    def close(self, cause: EndCause) -> bool:
        """End the leg once; the first cause stays.  False when it was over before."""
        if self.phase is Phase.ENDED:
            return False
        self.move(Step.CLOSED)
        self.end = cause
        return True

    def end_of(self, tag: str | None) -> RemoteEnd | None:
        """Return where requests to a remote tag go: the dialog's, else that early dialog's."""
        if tag is None or tag == self.remote_tag and self.remote_end is not None:
            return self.remote_end
        return self.early_ends.get(tag, self.remote_end)

    def next_local_cseq(self) -> int:
        """Return the CSeq number of the next request that the edge itself sends outside."""
        self.local_cseq += 1
        return self.local_cseq

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        return {
            "leg_id": self.leg_id,
            "inbound": self.inbound,
            "peer": [str(self.peer.kind), self.peer.name],
            "networks": list(self.networks),
            "sources": list(self.sources),
            "flow": self.flow.to_record(),
            "nat_address": self.nat_address,
            "phase": str(self.phase),
            "call_id": self.call_id,
            "local": self.local,
            "remote": self.remote,
            "local_tag": self.local_tag,
            "remote_tag": self.remote_tag,
            "local_cseq": self.local_cseq,
            "remote_cseq": self.remote_cseq,
            "remote_end": _end_record(self.remote_end),
            "early_ends": {tag: _end_record(end) for tag, end in self.early_ends.items()},
            "request_uri": self.request_uri,
            "extra_headers": [list(header) for header in self.extra_headers],
            "cell_id": self.cell_id,
            "cell_call_id": self.cell_call_id,
            "cell_target": self.cell_target,
            "attempt": self.attempt,
            "owes_cell": self.owes_cell,
            "codecs": list(self.codecs),
            "media": None if self.media is None else self.media.to_record(),
            "invite": self.invite.to_record() if self.invite and self.phase is not Phase.CONFIRMED else None,
            "arrival": None
            if self.arrival is None or self.phase is Phase.CONFIRMED
            else self.arrival.serialise().decode("latin-1"),
            "end": None
            if self.end is None
            else [self.end.status, self.end.q850_cause, self.end.reason, self.end.method],
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> "Dialog":
        """Return what `to_record` described."""
        kind, name = record["peer"]
        end = record["end"]
        media = None if record["media"] is None else OfferAnswer.from_record(record["media"])
        return Dialog(
            leg_id=record["leg_id"],
            inbound=record["inbound"],
            peer=Peer(kind=PeerKind(kind), name=name),
            networks=tuple(record["networks"]),
            sources=tuple(record["sources"]),
            flow=Flow.from_record(record["flow"]),
            nat_address=record["nat_address"],
            phase=Phase(record["phase"]),
            call_id=record["call_id"],
            local=record["local"],
            remote=record["remote"],
            local_tag=record["local_tag"],
            remote_tag=record["remote_tag"],
            local_cseq=record["local_cseq"],
            remote_cseq=record["remote_cseq"],
            remote_end=_end(record["remote_end"]),
            early_ends={
                tag: found
                for tag, entry in record["early_ends"].items()
                if (found := _end(entry)) is not None
            },
            request_uri=record["request_uri"],
            extra_headers=tuple([(name, value) for name, value in record["extra_headers"]]),
            cell_id=record["cell_id"],
            cell_call_id=record["cell_call_id"],
            cell_target=record["cell_target"],
            attempt=record["attempt"],
            owes_cell=record["owes_cell"],
            codecs=tuple(record["codecs"]),
            media=media,
            told=None if media is None else media.agreed,
            invite=None if record["invite"] is None else Relay.from_record(record["invite"]),
            arrival=_request(record["arrival"]),
            end=None
            if end is None
            else EndCause(status=end[0], q850_cause=end[1], reason=end[2], method=end[3]),
        )


def _request(text: str | None) -> Request | None:
    if text is None:
        return None
    message = parse(text.encode("latin-1"))
    return message if isinstance(message, Request) else None


def _end_record(end: RemoteEnd | None) -> list[Any] | None:
    return None if end is None else [end.target, list(end.routes)]


def _end(record: list[Any] | None) -> RemoteEnd | None:
    return None if record is None else RemoteEnd(target=record[0], routes=tuple(record[1]))


def addressed(request: Request, end: RemoteEnd) -> SipUri:
    """Write Request-URI and Route of an in-dialog request; return the URI of its next hop (section 12.2.1.1)."""
    target = SipUri.parse(end.target)
    if not end.routes:
        request.uri = str(target)
        return target
    first = SipUri.parse(end.routes[0])
    if first.is_loose:
        request.uri = str(target)
        for route in end.routes:
            request.headers.add("Route", f"<{route}>")
        return first
    # A strict router wants itself in the Request-URI and the target at the end of the route.
    request.uri = str(first)
    for route in (*end.routes[1:], str(target)):
        request.headers.add("Route", f"<{route}>")
    return first


def local_media(
    address: tuple[str, int], session_id: int, codecs: tuple[str, ...], secrecy: Secrecy = Secrecy.OFF
) -> LocalMedia:
    """Return our end of a leg's sound, with a key of its own where it may be encrypted."""
    return LocalMedia(
        address=address[0],
        port=address[1],
        session_id=session_id,
        codecs=codecs,
        secrecy=secrecy,
        key="" if secrecy is Secrecy.OFF else fresh_key(),
    )


class DialogTable:
    """All legs: by id, by the outside's Call-ID and tags, by the cell's Call-ID."""

    def __init__(self) -> None:
        self._by_leg: dict[str, Dialog] = {}
        self._by_tags: dict[tuple[str, str, str], str] = {}
        self._tags_of: dict[str, set[tuple[str, str, str]]] = {}
        self._by_cell: dict[str, str] = {}

    def add(self, dialog: Dialog) -> None:
        """Keep a leg."""
        self._by_leg[dialog.leg_id] = dialog
        self.index(dialog)

    def index(self, dialog: Dialog) -> None:
        """Note tags and Call-IDs that a leg has come to know."""
        keys = self._tags_of.setdefault(dialog.leg_id, set())
        if dialog.call_id and dialog.local_tag:
            for remote_tag in (dialog.remote_tag, *dialog.early_ends):
                if remote_tag or dialog.inbound:  # a caller of RFC 2543 has none (RFC 3261 section 12.1.1)
                    key = (dialog.call_id, dialog.local_tag, remote_tag)
                    self._by_tags[key] = dialog.leg_id
                    keys.add(key)
        if dialog.cell_call_id:
            self._by_cell[dialog.cell_call_id] = dialog.leg_id

    def unindex_cell(self, dialog: Dialog) -> None:
        """Forget the cell's Call-ID of a leg: it is carried by another from now on."""
        if self._by_cell.get(dialog.cell_call_id) == dialog.leg_id:
            del self._by_cell[dialog.cell_call_id]
        dialog.cell_call_id = ""
        dialog.cell_target = ""

    def get(self, leg_id: str) -> Dialog | None:
        """Return a leg, None when unknown."""
        return self._by_leg.get(leg_id)

    def need(self, leg_id: str) -> Dialog:
        """Return a leg or raise UnknownLeg."""
        dialog = self._by_leg.get(leg_id)
        if dialog is None:
            raise UnknownLeg(leg_id)
        return dialog

    def of_outside(self, call_id: str, local_tag: str | None, remote_tag: str | None) -> Dialog | None:
        """Return the leg of an in-dialog request: Call-ID and both tags must be those of the dialog."""
        leg_id = self._by_tags.get((call_id, local_tag or "", remote_tag or ""))
        return None if leg_id is None else self._by_leg.get(leg_id)

    def of_cell(self, call_id: str) -> Dialog | None:
        """Return the leg that a cell speaks of."""
        leg_id = self._by_cell.get(call_id)
        return None if leg_id is None else self._by_leg.get(leg_id)

    def discard(self, dialog: Dialog) -> None:
        """Forget a leg and all that points to it."""
        if self._by_leg.get(dialog.leg_id) is dialog:
            del self._by_leg[dialog.leg_id]
        for key in self._tags_of.pop(dialog.leg_id, ()):
            if self._by_tags.get(key) == dialog.leg_id:
                del self._by_tags[key]
        if self._by_cell.get(dialog.cell_call_id) == dialog.leg_id:
            del self._by_cell[dialog.cell_call_id]

    def leg_ids(self) -> tuple[str, ...]:
        """Return every leg that is not over."""
        return tuple([leg_id for leg_id, dialog in self._by_leg.items() if not dialog.is_over])

    def __iter__(self) -> Iterator[Dialog]:
        return iter(tuple(self._by_leg.values()))

    def __len__(self) -> int:
        return len(self._by_leg)
