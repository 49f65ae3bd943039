"""Listening without a phone: a leg of the media plane that hears a call and sends it here, for a supervisor's page.

The leg speaks to nobody: nothing may arrive on it, so who listens cannot be heard.  What it hears follows the call:
after each event of the call the row is computed again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from api.event_stream import EventStream
from api.faults import NotFound, Unavailable
from api.standing_work import going_on
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import Call
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.party import CallParty
from softswitch.calls.supervision import need_talk
from softswitch.store import entries

log = structlog.get_logger(__name__)

PREFIX: Final = "ear-"
ADDRESS: Final = "127.0.0.1"
HEADER_BYTES: Final = 12
"""The plane's RTP has no contributors and no extension (RFC 3550 section 5.1)."""
OPEN_WITHIN_S: Final = 2.0
KEPT_FRAMES: Final = 50
"""A second of sound: who does not fetch it in time hears the newest, as with any live sound."""
EARS_MOST: Final = 20
EVENTS_KEPT: Final = 500


def is_ear(leg_id: str) -> bool:
    """True for a leg of the plane that belongs to no phone."""
    return leg_id.startswith(PREFIX)


class Ear(asyncio.DatagramProtocol):
    """One listener: frames of 20 ms of A-law, 160 bytes each, until the call ends or `close`."""

    def __init__(self, leg_id: str, call_id: str) -> None:
        """Nothing is heard yet."""
        self.leg_id = leg_id
        self.call_id = call_id
        self.is_closed = False
        self.row: tuple[plane_words.Source, ...] | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_close: Callable[[], None] = lambda: None
        self._frames: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._arrived = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A packet of the plane."""
        if len(data) > HEADER_BYTES:
            self._frames.append(data[HEADER_BYTES:])
            self._arrived.set()

    def close(self) -> None:
        """Hear no more; may be called twice."""
        if not self.is_closed:
            self.is_closed = True
            self._arrived.set()
            self.on_close()

    def __aiter__(self) -> "Ear":
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The next frame."""
        while not self._frames:
            if self.is_closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._frames.popleft()


class Ears:
    """All who listen; the `ListeningPort` of the HTTP interface."""

    def __init__(
        self,
        *,
        find: Callable[[str], Call | None],
        tell_plane: Callable[[plane_words.Command], None],
        chronicle: Chronicle,
        stream: EventStream,
        wall: Callable[[], float],
        token: Callable[[], str],
    ) -> None:
        """`find` gives a running call by its id; `token` random text for the ids of legs."""
        self._find = find
        self._tell_plane = tell_plane
        self._chronicle = chronicle
        self._stream = stream
        self._wall = wall
        self._token = token
        self._ears: dict[str, Ear] = {}
        self._task: asyncio.Task[None] | None = None

    async def listen(self, call_id: str, supervisor: str, reason: str) -> Ear:
        """Hear a call.  `NotFound`, `Conflict` when nobody talks in it, `Unavailable` without a plane."""
        call = self._find(call_id)
        if call is None:
            raise NotFound("call", call_id)
        need_talk(call)
        if len(self._ears) >= EARS_MOST:
            raise Unavailable("too_many_listeners", "监听者过多 / too many listen already")
        ear = Ear(f"{PREFIX}{self._token()}", call_id)
        self._ears[ear.leg_id] = ear
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=(ADDRESS, 0))
        ear.on_close = lambda: self._closed(ear, transport, supervisor)
        await self._open_leg(ear)
        self._begin(ear, transport.get_extra_info("sockname")[1])
        self._chronicle.record(
            entries.SupervisionStarted(
                at=self._wall(),
                call_id=call_id,
                supervisor=supervisor,
                mode=Supervising.MONITOR.value,
                reason=reason,
            )
        )
        return ear

    def _closed(self, ear: Ear, transport: asyncio.BaseTransport, supervisor: str) -> None:
        transport.close()
        self._ears.pop(ear.leg_id, None)
        self._tell_plane(plane_words.CloseLeg(leg_id=ear.leg_id))
        if ear.row is not None:  # it did hear something
            self._chronicle.record(
                entries.SupervisionEnded(
                    at=self._wall(), call_id=ear.call_id, supervisor=supervisor, cause="left"
                )
            )

    async def _open_leg(self, ear: Ear) -> None:
        """The plane has its leg afterwards; without one, whatever the cause, it is closed again."""
        self._tell_plane(
            plane_words.OpenLeg(
                leg_id=ear.leg_id, call_id=ear.call_id, local_address=ADDRESS, networks=(f"{ADDRESS}/32",)
            )
        )
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                await ear.opened
        except BaseException as error:
            ear.close()
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    "plane_silent", "媒体平面无应答 / the media plane does not answer"
                ) from error
            raise

    def _begin(self, ear: Ear, port: int) -> None:
        """The plane may send here, and takes nothing from here."""
        self._tell_plane(
            plane_words.SetRemote(
                leg_id=ear.leg_id,
                address=ADDRESS,
                port=port,
                codec=plane_words.Codec.PCMA,
                payload_type=8,
                dtmf_payload_type=None,
                comfort_noise_payload_type=None,
                ptime_ms=20,
                may_receive=False,
            )
        )
        self._tell_plane(plane_words.PermitSending(leg_id=ear.leg_id))
        self._tune(ear)

    def _tune(self, ear: Ear) -> None:
        """Hear whoever talks in the call now; an ear whose call has ended is closed."""
        call = self._find(ear.call_id)
        if call is None:
            ear.close()
            return
        row = tuple(
            plane_words.Source(kind=plane_words.SourceKind.LEG, name=party.leg_id)
            for party in call.parties
            if is_audible(party) and not (call.masked and party.role is Role.CUSTOMER)
        )
        if row != ear.row:
            ear.row = row
            self._tell_plane(plane_words.SetHearing(leg_id=ear.leg_id, sources=row))

    def settled(self, call: Call) -> None:
        """What is heard in a call may have changed: who listens to it hears a secret no longer than anybody else."""
        for ear in [
            ear for ear in self._ears.values() if ear.call_id == call.call_id and ear.row is not None
        ]:
            self._tune(ear)

    def open(self) -> None:
        """Follow what happens in calls."""
        self._task = asyncio.get_running_loop().create_task(going_on(self._follow, "ears"), name="ears")

    async def _follow(self) -> None:
        while True:
            with contextlib.closing(self._stream.subscribe(EVENTS_KEPT)) as subscription:
                for ear in tuple(self._ears.values()):  # after a burst that was too much for us
                    self._tune(ear)
                async for event in subscription:
                    call_id = event.data.get("call_id")
                    for ear in [ear for ear in self._ears.values() if ear.call_id == call_id]:
                        self._tune(ear)

    def hear_plane(self, event: plane_news.Event) -> bool:
        """Take the plane's news of an ear; False for news of others."""
        leg_id = getattr(event, "leg_id", "")
        if not isinstance(leg_id, str) or not is_ear(leg_id):
            return False
        ear = self._ears.get(leg_id)
        match event:
            case plane_news.LegOpened() if ear is None:  # it was given up meanwhile
                self._tell_plane(plane_words.CloseLeg(leg_id=leg_id))
            case plane_news.LegOpened() if ear is not None and not ear.opened.done():
                ear.opened.set_result(None)
            case plane_news.LegRefused() if ear is not None and not ear.opened.done():
                ear.opened.set_exception(Unavailable(event.code, event.detail))
            case plane_news.LegRefused() | plane_news.LegClosed() if ear is not None:
                ear.close()
        return True

    def close(self) -> None:
        """Control leaves: nobody listens any more."""
        for ear in tuple(self._ears.values()):
            ear.close()
        if self._task is not None:
            self._task.cancel()


def is_audible(party: CallParty) -> bool:
    """Whether a listener hears this party: all that is said aloud in the call, and no whisper."""
    return (
        party.is_joined
        and not party.muted
        and not party.held
        and (party.role is not Role.SUPERVISOR or party.supervising is Supervising.BARGE)
    )
