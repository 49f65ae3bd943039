"""The sound of legs, as the plane is told of it: opened, agreed, heard, played to, closed with its figures."""

from collections.abc import Callable, Collection
from dataclasses import fields

import structlog

from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.agreement import remote_of
from softswitch.calls.hearing import Row
from softswitch.calls.leg import Leg
from softswitch.sip.events import RemoteMedia

log = structlog.get_logger(__name__)

_FIGURES = tuple(figure.name for figure in fields(plane_news.LegStatistics))


class LegSound:
    """What the plane holds for our legs (`media.plane`)."""

    def __init__(self, tell_plane: Callable[[plane_words.Command], None]) -> None:
        """`tell_plane` sends one command; what comes of it is an event."""
        self._tell_plane = tell_plane
        self._closing: dict[str, Leg] = {}  # ended, the plane has not said yet how its sound was

    @property
    def closing(self) -> Collection[str]:
        """Legs that are over, whose figures the plane still owes."""
        return self._closing.keys()

    def open(self, leg: Leg, local_address: str) -> None:
        """Ask for a leg's sockets; `LegOpened` or `LegRefused` follows."""
        leg.has_media = True
        self._tell_plane(
            plane_words.OpenLeg(
                leg_id=leg.leg_id,
                call_id=leg.call_id,
                local_address=local_address,
                networks=leg.networks,
                nat_address=leg.nat_address,
            )
        )

    def move(self, leg: Leg, local_address: str) -> None:
        """Open a leg anew for another far end: other networks, perhaps at another address; it hears what it heard."""
        self.drop(leg.leg_id)
        self.open(leg, local_address)
        if leg.heard:
            self.hear(leg, leg.heard)

    def agree(self, leg: Leg, media: RemoteMedia) -> None:
        """Tell where the far end's sound goes, and in which form."""
        log.info(
            "leg.media_agreed",
            call_id=leg.call_id,
            leg_id=leg.leg_id,
            codec=media.codec,
            is_encrypted=bool(media.suite),
            address=f"{media.address}:{media.port}",
            ptime_ms=media.ptime_ms,
            holds_us=media.held,
        )
        if leg.has_media:
            self._tell_plane(remote_of(leg.leg_id, media))

    def permit(self, leg: Leg) -> None:
        """Let a leg's sound go out: its dialog is confirmed."""
        self._tell_plane(plane_words.PermitSending(leg_id=leg.leg_id))

    def hear(self, leg: Leg, sources: Row) -> None:
        """Say whom a leg hears from now on."""
        if leg.has_media:
            leg.heard = sources
            self._tell_plane(plane_words.SetHearing(leg_id=leg.leg_id, sources=sources))

    def play(self, leg: Leg, playlist_id: str, prompts: tuple[str, ...]) -> None:
        """Play prompts to one leg."""
        self._tell_plane(plane_words.PlayPrompts(leg_id=leg.leg_id, playlist_id=playlist_id, prompts=prompts))

    def send_digits(self, leg: Leg, digits: str) -> None:
        """Press keys towards a leg's far end (RFC 4733)."""
        self._tell_plane(plane_words.SendDigits(leg_id=leg.leg_id, digits=digits))

    def close(self, leg: Leg) -> None:
        """Give a leg's sockets back; `LegClosed` brings its figures."""
        if leg.has_media:
            self._closing[leg.leg_id] = leg
            self.drop(leg.leg_id)

    def drop(self, leg_id: str) -> None:
        """Have the plane close a leg that is none of ours."""
        self._tell_plane(plane_words.CloseLeg(leg_id=leg_id))

    def closed(self, event: plane_news.LegClosed) -> None:
        """Write down how a leg's sound was: what the network did is the first question after a complaint."""
        leg = self._closing.pop(event.leg_id, None)
        if leg is not None:
            log.info(
                "leg.sound",
                call_id=leg.call_id,
                leg_id=leg.leg_id,
                role=leg.role.value,
                **{name: getattr(event.statistics, name) for name in _FIGURES},
            )

    def never_opened(self, leg_id: str) -> None:
        """A leg that the plane refused has no figures."""
        self._closing.pop(leg_id, None)

    def owe(self, held: Collection[str]) -> None:
        """Wait no more for the figures of legs that the plane does not hold."""
        for leg_id in self._closing.keys() - set(held):
            del self._closing[leg_id]
