"""Whose a leg is: of a call, as most are, or of somebody who rings a phone for the system's own sake.

A leg that is claimed is none of the switchboard's business, and appears in no record of calls: what comes of it is told
to whoever claimed it.
"""

from collections.abc import Callable
from typing import Protocol

from media import events as plane_news
from softswitch.calls.hangup import LegEnd
from softswitch.calls.leg import Leg
from softswitch.calls.ports import LegListener


class PlaneAndLegListener(LegListener, Protocol):
    """The switchboard, as far as it hears of legs."""

    def pressed(self, leg_id: str, digit: str) -> None:
        """A key was pressed on a phone."""

    def hear_plane(self, event: plane_news.Event) -> None:
        """The plane says something of a leg."""


class LegOwner(Protocol):
    """Somebody who has legs of their own."""

    def leg_answered(self, leg: Leg) -> None:
        """Sound can go both ways."""

    def leg_over(self, leg: Leg, end: LegEnd) -> None:
        """The leg is over, once."""

    def key_pressed(self, leg_id: str, digit: str) -> None:
        """A key was pressed on its phone."""

    def all_said(self, leg_id: str) -> None:
        """What was played to it has been said to the end."""


class LegAudience:
    """Passes news of legs on.  Implements `LegListener`; `switchboard` is set before the first leg."""

    switchboard: PlaneAndLegListener

    def __init__(self) -> None:
        """Nothing is claimed."""
        self._owners: dict[str, LegOwner] = {}
        self._answers: dict[str, Callable[[Leg], None]] = {}

    def claim(self, leg_id: str, owner: LegOwner, answers: Callable[[Leg], None] | None = None) -> None:
        """From now on news of this leg is for `owner`; it ends with the leg.  `answers` is told of one that waits for an answer."""
        self._owners[leg_id] = owner
        if answers is not None:
            self._answers[leg_id] = answers

    def disclaim(self, leg_id: str) -> None:
        """The leg was not opened after all."""
        self._owners.pop(leg_id, None)
        self._answers.pop(leg_id, None)

    # ---- LegListener -------------------------------------------------------------------------------

    def leg_arrived(self, leg: Leg) -> None:
        """An inbound leg waits for an answer."""
        self._answers.get(leg.leg_id, self.switchboard.leg_arrived)(leg)

    def leg_rang(self, leg: Leg) -> None:
        """The far end rings."""
        if leg.leg_id not in self._owners:
            self.switchboard.leg_rang(leg)

    def leg_confirmed(self, leg: Leg) -> None:
        """Sound can go both ways."""
        owner = self._owners.get(leg.leg_id)
        if owner is None:
            self.switchboard.leg_confirmed(leg)
        else:
            owner.leg_answered(leg)

    def leg_held(self, leg: Leg) -> None:
        """The far end holds or takes back."""
        if leg.leg_id not in self._owners:
            self.switchboard.leg_held(leg)

    def leg_referred(self, leg: Leg, refer_to: str) -> None:
        """A phone asks for a transfer; the switchboard refuses it where there is no call."""
        self.switchboard.leg_referred(leg, refer_to)

    def leg_ended(self, leg: Leg, end: LegEnd) -> None:
        """The leg is over, once."""
        owner = self._owners.pop(leg.leg_id, None)
        self._answers.pop(leg.leg_id, None)
        if owner is None:
            self.switchboard.leg_ended(leg, end)
        else:
            owner.leg_over(leg, end)

    # ---- keys and announcements ----------------------------------------------------------------------

    def pressed(self, leg_id: str, digit: str) -> None:
        """A key was pressed on a phone."""
        owner = self._owners.get(leg_id)
        if owner is None:
            self.switchboard.pressed(leg_id, digit)
        else:
            owner.key_pressed(leg_id, digit)

    def hear_plane(self, event: plane_news.Event) -> None:
        """The plane says something of a leg."""
        owner = self._owners.get(getattr(event, "leg_id", ""))
        if owner is None:
            self.switchboard.hear_plane(event)
        elif isinstance(event, plane_news.DigitReceived):
            owner.key_pressed(event.leg_id, event.digit)
        elif isinstance(event, plane_news.PlaylistFinished) and event.completed:
            owner.all_said(event.leg_id)
