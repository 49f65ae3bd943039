"""Media (媒体统一排队): what a contact comes by, and what an agent may have in hand at once.

A call takes the agent's phone; every other contact is a *task*, of which an agent may have several.  What may run beside
what is data: for each medium how many at once, and beside which others a new one may come.  Both directions count for
themselves: "a call may come while an email is open, no email during a call" is `voice` beside `email`, and not the
other way round.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from acd.agent_state import Activity
from acd.checks import check_at_least, check_distinct
from acd.errors import InvalidValue
from acd.names import ContactId, OfferId


class Medium(StrEnum):
    """What a contact comes by."""

    VOICE = "voice"
    VIDEO = "video"
    EMAIL = "email"
    FAX = "fax"
    WEB_CALL = "web_call"
    SMS = "sms"
    CHAT = "chat"
    VOICEMAIL = "voicemail"  # a message that a caller left


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumCapacity:
    """An agent has at most `most` contacts of a medium at once, offered ones counted, and is offered a new one only while
    every contact that they have is of this medium or of one of those in `beside`.
    """

    medium: Medium
    most: int = 1
    beside: tuple[Medium, ...] = ()

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_at_least(self, 1, most=self.most)
        check_distinct(self, "beside", self.beside)
        name = type(self).__name__
        if self.medium is Medium.VOICE and self.most != 1:
            raise InvalidValue(name, "most", self.most, "1 for voice: a phone has one call")
        if self.medium in self.beside:
            raise InvalidValue(name, "beside", self.medium, "other media; how many of its own, `most` says")


def check_capacities(of: object, capacities: Sequence[MediumCapacity], most_in_all: int | None) -> None:
    """Refuse capacities that contradict each other; raises `InvalidValue` with the path of the fault."""
    name = type(of).__name__
    if not capacities:
        raise InvalidValue(name, "capacities", (), "one medium at least")
    check_distinct(of, "capacities", [each.medium for each in capacities])
    media = {each.medium for each in capacities}
    for place, each in enumerate(capacities):
        strange = next((medium for medium in each.beside if medium not in media), None)
        if strange is not None:
            raise InvalidValue(name, f"capacities[{place}].beside", strange, "media that have a capacity")
        if most_in_all is not None and each.most > most_in_all:
            raise InvalidValue(name, f"capacities[{place}].most", each.most, "most_in_all or less")


class Capacities:
    """A rule for agents: which media a new contact may be of, beside those that an agent has."""

    __slots__ = ("_most_in_all", "_rules", "media")

    def __init__(self, capacities: Sequence[MediumCapacity], most_in_all: int | None = None) -> None:
        """Take capacities that do not contradict each other."""
        self.media = frozenset(each.medium for each in capacities)
        self._rules = tuple((each, frozenset((each.medium, *each.beside))) for each in capacities)
        self._most_in_all = most_in_all

    def open_beside(self, in_hand: Collection[Medium]) -> frozenset[Medium]:
        """Return the media that a new contact may be of."""
        if self._most_in_all is not None and len(in_hand) >= self._most_in_all:
            return NO_MEDIUM
        return frozenset(
            each.medium
            for each, friends in self._rules
            if friends.issuperset(in_hand) and sum(medium is each.medium for medium in in_hand) < each.most
        )


NO_MEDIUM: frozenset[Medium] = frozenset()
"""Nothing may come."""

VOICE_ONLY = frozenset((Medium.VOICE,))
"""A call may come."""

VOICE_ALONE = Capacities((MediumCapacity(medium=Medium.VOICE),))
"""One call, and nothing else: the rule of agents for whom no other is defined."""


class Task:
    """A contact other than a call, which one agent is offered or has in hand."""

    __slots__ = ("activity", "contact", "medium", "offer")

    def __init__(self, contact: ContactId, medium: Medium, activity: Activity = Activity.IDLE) -> None:
        """Begin before the offer or, after a restart, in hand."""
        self.contact = contact
        self.medium = medium
        self.activity = activity
        self.offer: OfferId | None = None
