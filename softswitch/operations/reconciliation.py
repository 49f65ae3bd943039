"""Where the parts of a node do not agree about what is up: a pure comparison of what each of them says.

A difference is real only when it is there twice in a row: news is always on its way between two processes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class What(StrEnum):
    """Every difference that is looked for; each has one way to be healed."""

    STRAY_IN_CELL = "stray_in_cell"  # a cell holds a leg of which call control knows nothing
    LEG_WITHOUT_CELL = "leg_without_cell"  # a leg that no cell has any more
    STRAY_OUTSIDE = "stray_outside"  # a dialog with the outside that belongs to no leg
    STRAY_IN_PLANE = "stray_in_plane"  # the plane holds sockets for a leg that is over
    LEG_WITHOUT_SOUND = "leg_without_sound"  # the plane does not have a leg that should have sound
    STRAY_CONTACT = "stray_contact"  # somebody stands in a line and no call is up
    CALL_WITHOUT_PLACE = "call_without_place"  # a call waits and stands in no line
    AGENT_IN_NO_CALL = "agent_in_no_call"  # an agent talks or is engaged, and no call is up
    AGENT_NOT_IN_CALL = (
        "agent_not_in_call"  # an agent talks for the engine, in a call that is up, and is no party of any
    )
    OFFER_WITHOUT_LEG = "offer_without_leg"  # a call is offered to an agent whose phone was never rung for it
    AGENT_IDLE_IN_CALL = (
        "agent_idle_in_call"  # an agent is in a call, and the engine takes the agent for free
    )
    STRAY_CHANNEL = "stray_channel"  # a trunk's channel is held for a call that is over
    STRAY_RECORDING = "stray_recording"  # the plane records a call that is over
    LOST_RECORDING = "lost_recording"  # a recording is believed to run and the plane does not have it


PATIENCE: Mapping[What, int] = {What.STRAY_OUTSIDE: 8}
"""Rounds in a row before it is real; 2 where nothing stands here.  An unanswered BYE is asked again for 32 s."""
ROUNDS = 2

Difference = tuple[What, str]
"""What it is, and about which leg, call, contact, offer, agent or recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the plane holds, and what call control had when it was asked."""

    legs: frozenset[str]
    recordings: Mapping[str, str]  # that run, to call ids
    finishing: frozenset[str]  # recordings that were stopped: their end is still to be told
    asked_legs: frozenset[str]
    asked_recordings: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What each part says at one moment.

    `legs` are those of call control, `placed_legs` those of them that a cell should have; `plane` is None when it was not
    asked.  `contacts` map those who wait or talk in the engine to their calls, `agent_calls` agents who talk or are
    engaged to a call ("" for none).  `talks` map contacts that an agent has to the agent and `offers` those that ring to
    their calls, by the engine; `party_agents` and `party_offers` are what the parties of calls have, `joined` the legs of
    agents who take part, to the agents, and `idle_agents` those whom the engine has in nothing.  `waiting_calls` should stand in a line and do not ring anywhere else.
    """

    calls: frozenset[str]
    waiting_calls: frozenset[str] = frozenset()
    placed_calls: frozenset[str] = frozenset()  # those of them that the engine knows
    legs: frozenset[str] = frozenset()
    placed_legs: frozenset[str] = frozenset()
    cell_legs: frozenset[str] = frozenset()
    edge_legs: frozenset[str] = frozenset()
    contacts: Mapping[str, str] = field(default_factory=dict)
    agent_calls: Mapping[str, str] = field(default_factory=dict)
    talks: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)
    party_agents: frozenset[str] = frozenset()
    party_offers: frozenset[str] = frozenset()
    joined: Mapping[str, str] = field(default_factory=dict)
    idle_agents: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()  # calls, and legs to the outside, that hold one
    recordings: frozenset[str] = frozenset()
    plane: Held | None = None


def differences(picture: Picture) -> Iterator[Difference]:
    """Everything that does not agree in one picture."""
    yield from ((What.STRAY_IN_CELL, leg) for leg in picture.cell_legs - picture.legs)
    yield from ((What.LEG_WITHOUT_CELL, leg) for leg in picture.placed_legs - picture.cell_legs)
    yield from ((What.STRAY_OUTSIDE, leg) for leg in picture.edge_legs - picture.legs - picture.cell_legs)
    for contact, call in picture.contacts.items():
        if call not in picture.calls:
            yield What.STRAY_CONTACT, contact
    yield from ((What.CALL_WITHOUT_PLACE, call) for call in picture.waiting_calls - picture.placed_calls)
    for agent, call in picture.agent_calls.items():
        if call not in picture.calls:
            yield What.AGENT_IN_NO_CALL, agent
    yield from _of_seats(picture)
    yield from ((What.STRAY_CHANNEL, holder) for holder in picture.channels - picture.calls - picture.legs)
    if picture.plane is not None:
        yield from _with_plane(picture, picture.plane)


def _of_seats(picture: Picture) -> Iterator[Difference]:
    """Engine and calls do not agree about an agent; a call that is over is a stray contact, and no more."""
    for contact, agent in picture.talks.items():
        if picture.contacts.get(contact) in picture.calls and agent not in picture.party_agents:
            yield What.AGENT_NOT_IN_CALL, contact
    for offer, call in picture.offers.items():
        if call in picture.calls and offer not in picture.party_offers:
            yield What.OFFER_WITHOUT_LEG, offer
    for leg, agent in picture.joined.items():
        if agent in picture.idle_agents:
            yield What.AGENT_IDLE_IN_CALL, leg


def _with_plane(picture: Picture, plane: Held) -> Iterator[Difference]:
    yield from ((What.STRAY_IN_PLANE, leg) for leg in plane.legs - plane.asked_legs - picture.legs)
    yield from ((What.LEG_WITHOUT_SOUND, leg) for leg in (plane.asked_legs & picture.legs) - plane.legs)
    for recording, call in plane.recordings.items():
        if call not in picture.calls:
            yield What.STRAY_RECORDING, recording
    running = plane.asked_recordings & picture.recordings
    lost = running - plane.recordings.keys() - plane.finishing
    yield from ((What.LOST_RECORDING, recording) for recording in lost)


class Confirmations:
    """Remembers what was there in the rounds before."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: dict[Difference, int] = {}

    def confirm(self, found: Iterator[Difference]) -> tuple[Difference, ...]:
        """Take in one round; what has been there often enough, once."""
        self._seen = {one: self._seen.get(one, 0) + 1 for one in dict.fromkeys(found)}
        real = tuple(
            sorted(one for one, times in self._seen.items() if times >= PATIENCE.get(one[0], ROUNDS))
        )
        for one in real:
            del self._seen[one]
        return real
