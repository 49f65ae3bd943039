"""One party of a call: a leg, what it is there for, and the flags that the hearing table asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.leg import Leg

RINGBACK = "ringback"
"""The music track that an agent hears while somebody else's phone rings."""

MUSIC = "waiting"
"""The music of a call that belongs to no queue."""


class Errand(StrEnum):
    """Why a party's phone was rung, or why it called."""

    CALLER = "caller"  # came in by itself
    OFFER = "offer"  # the engine brought the call there
    CONSULT = "consult"  # to be asked while the caller is held
    TRANSFER = "transfer"  # to take the caller over as soon as it answers
    CONFERENCE = "conference"  # was consulted, and talks with everybody now
    SUPERVISE = "supervise"
    INTERCEPT = "intercept"  # a supervisor who takes the caller over
    OVERFLOW = "overflow"  # outside, to take over a caller who waits
    CALL_BACK = "call_back"  # a customer who asked to be called, rung once an agent is there
    PUT_THROUGH = "put_through"  # to take over a caller whom a flow transfers
    PICK_UP = "pick_up"  # takes a waiting caller out of the line
    DIAL = "dial"  # the phone of an agent who dials: rung before the target
    PLACED = "placed"  # whom the hotline itself called
    DIALLED = "dialled"  # whom the agent dialled


@dataclass(slots=True, eq=False)
class CallParty:
    """One leg of a call.

    `agent` is empty for people outside.  `contact` names what the engine believes this agent talks with, `engaged` is
    True when the engine was told instead that the agent is in a call of another kind.  `served` is the queue whose caller
    such an agent came to talk with: wrap-up follows.  `joined_at` is wall time, None
    while the phone rings.  `by` is the leg of the agent who asked for this party.  `permit` names the seat and the outbound
    rule by which it was called (`softswitch.calls.outbound_permits`).
    """

    leg: Leg
    role: Role = Role.AGENT
    errand: Errand = Errand.OFFER
    agent: str = ""
    extension: str = ""
    number: str = ""
    offer_id: str = ""
    contact: str = ""
    engaged: bool = False
    served: str = ""
    held: bool = False
    muted: bool = False
    supervising: Supervising | None = None
    reason: str = ""  # a supervisor's
    by: str = ""
    permit: str = ""
    trunk: str = ""  # whose channel it uses, empty for phones
    is_holding: bool = False  # its phone's hold key, as it was told last
    is_asked: bool = False  # answered from the bar: the phone is rung anew and answers by itself
    is_referred: bool = False  # a phone asked for the transfer to it and waits to hear what came of it
    joined_at: float | None = None

    @property
    def leg_id(self) -> str:
        """The leg's id, which also names the party."""
        return self.leg.leg_id

    @property
    def is_joined(self) -> bool:
        """Whether it takes part in the sound."""
        return self.joined_at is not None

    @property
    def label(self) -> str:
        """Who it is, in one word: the agent, else the number."""
        return self.agent or self.number

    @property
    def is_recorded(self) -> bool:
        """Whether its voice belongs into the agents' channel: what the caller could hear, and what colleagues say."""
        return (
            self.is_joined
            and self.role is not Role.CUSTOMER
            and not self.muted
            and not self.held
            and self.supervising in (None, Supervising.BARGE)
        )

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs, in JSON types."""
        return {
            "leg": self.leg.to_record(),
            "role": self.role.value,
            "errand": self.errand.value,
            "agent": self.agent,
            "extension": self.extension,
            "number": self.number,
            "offer_id": self.offer_id,
            "contact": self.contact,
            "engaged": self.engaged,
            "served": self.served,
            "held": self.held,
            "muted": self.muted,
            "supervising": None if self.supervising is None else self.supervising.value,
            "reason": self.reason,
            "by": self.by,
            "permit": self.permit,
            "trunk": self.trunk,
            "is_referred": self.is_referred,
            "joined_at": self.joined_at,
        }

    @classmethod
    def restored(cls, record: Mapping[str, Any], call_id: str, *, is_confirmed: bool = True) -> "CallParty":
        """Return a party whose leg lives, from its record; `is_confirmed` as for `Leg.restored`."""
        supervising = record["supervising"]
        return cls(
            leg=Leg.restored(record["leg"], call_id, is_confirmed=is_confirmed),
            role=Role(record["role"]),
            errand=Errand(record["errand"]),
            agent=record["agent"],
            extension=record["extension"],
            number=record["number"],
            offer_id=record["offer_id"],
            contact=record["contact"],
            engaged=record["engaged"],
            served=record["served"],
            held=record["held"],
            muted=record["muted"],
            supervising=None if supervising is None else Supervising(supervising),
            reason=record["reason"],
            by=record["by"],
            is_holding=record["leg"]["holding"],
            permit=record.get("permit", ""),  # a control before this one wrote none
            trunk=record["trunk"],
            joined_at=record["joined_at"],
        )
