"""Who hears whom, as one pure table (design, section 3).

Hold, mute, consult, three-way, monitor, whisper, barge, queue music and announcements are not features with wiring
of their own: a call is a set of parties with a role and flags, and `hearing_of` maps that to one row a leg.
Call control sends the rows that changed to the media plane.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from media.commands import Source, SourceKind

MUSIC_UNDER_PROMPT = 0.12
"""Gain of the queue's music while an announcement plays over it (about -18 dB)."""


class Role(StrEnum):
    """What a leg is in its call."""

    CUSTOMER = "customer"
    AGENT = "agent"
    CONSULTEE = "consultee"
    SUPERVISOR = "supervisor"


class Supervising(StrEnum):
    """How a supervisor takes part."""

    MONITOR = "monitor"  # hears all, is heard by nobody
    WHISPER = "whisper"  # is heard by the agents alone
    BARGE = "barge"  # is one of the conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One leg of a call, as far as hearing goes.

    `held`: put on hold by our side.  `holding`: its own phone put us on hold.  `muted`: reaches nobody.
    `prompted`: an announcement plays to this leg, and to it alone.  `supervising` belongs to supervisors only.
    `alone` is the track that it hears when nobody reaches it, empty for the call's music.  `quiet`: no music under its
    announcement, and silence where none plays.
    """

    leg_id: str
    role: Role
    held: bool = False
    holding: bool = False
    muted: bool = False
    prompted: bool = False
    supervising: Supervising | None = None
    alone: str = ""
    quiet: bool = False


Row = tuple[Source, ...]

_PROMPT = Source(kind=SourceKind.PROMPT)


def hearing_of(parties: Iterable[Party], music: str) -> dict[str, Row]:
    """Return what each leg hears: its announcement, else the others that reach it, else `music`."""
    everyone = tuple(parties)
    return {listener.leg_id: _row(listener, everyone, music) for listener in everyone}


def _row(listener: Party, everyone: tuple[Party, ...], music: str) -> Row:
    voices = tuple(
        Source(kind=SourceKind.LEG, name=speaker.leg_id)
        for speaker in everyone
        if speaker.leg_id != listener.leg_id and _reaches(speaker, listener)
    )
    if listener.prompted:
        if voices or listener.quiet or listener.role is not Role.CUSTOMER:
            return (_PROMPT,)
        return (_PROMPT, Source(kind=SourceKind.MUSIC, name=music, gain=MUSIC_UNDER_PROMPT))
    return voices or (Source(kind=SourceKind.MUSIC, name=listener.alone or music),)


def _reaches(speaker: Party, listener: Party) -> bool:
    """Whether the speaker's voice goes to the listener."""
    if speaker.muted or speaker.held or speaker.holding or speaker.prompted:
        return False
    if listener.held:
        return False
    if speaker.role is Role.SUPERVISOR:
        match speaker.supervising:
            case Supervising.WHISPER:
                return listener.role is Role.AGENT
            case Supervising.BARGE:
                return True
            case _:
                return False
    return True


def changed_rows(before: Mapping[str, Row], after: Mapping[str, Row]) -> dict[str, Row]:
    """Return the rows that a media plane has to be told."""
    return {leg_id: row for leg_id, row in after.items() if before.get(leg_id) != row}
