"""Cheap peers for a stand: simulated phones at its seats and a trunk that calls it (see `bench/peers`)."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import soundfile

from bench.desk_phones import DeskPhone, Manner
from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer
from bench.trunk_caller import TrunkCaller
from tests import spectrum
from tests.stand import HOTLINE, Stand

CALLER = "13800000001"


@dataclass(slots=True, eq=False)
class Peers:
    """A trunk and registered phones around one stand."""

    here: Stand
    trunk: TrunkCaller
    phones: list[DeskPhone]

    async def call(self, caller: str = CALLER) -> tuple[Call, str]:
        """Call the hotline; once it is answered and queued, the caller's dialog and the server's call id."""
        since = len(self.here.events)
        call = await self.trunk.call(HOTLINE, caller)
        assert await call.answered == 200, "the hotline did not answer"
        queued = await self.here.wait_event("CallArrived", since=since, sip_call_id=call.call_id)
        await self.here.wait_event("CallQueued", since=since, call_id=queued["call_id"], within_s=20)
        return call, str(queued["call_id"])


@asynccontextmanager
async def peers(here: Stand, *manners: Manner) -> AsyncIterator[Peers]:
    """One registered phone for each manner, at seats 1, 2, …; everything is hung up at the end."""
    pacer = Pacer()
    trunk = await TrunkCaller.start(address=here.trunk_address, server=here.sip, pacer=pacer, keep_s=30)
    phones: list[DeskPhone] = []
    try:
        for seat, manner in enumerate(manners, 1):
            username, password = here.account(seat)
            phone = await DeskPhone.start(
                username,
                password,
                address=here.phone_address,
                registrar=here.sip,
                pacer=pacer,
                manner=manner,
            )
            phones.append(phone)
            assert await phone.register() == 200, f"phone {username} was not registered"
        yield Peers(here, trunk, phones)
    finally:
        await trunk.close()
        for phone in phones:
            await phone.close()


def alaw_samples(coded: bytes) -> spectrum.Samples:
    """A-law as a peer heard it, decoded by libsndfile."""
    data, _ = soundfile.read(
        io.BytesIO(coded), channels=1, samplerate=8000, format="RAW", subtype="ALAW", dtype="float64"
    )
    return np.asarray(data)


def seconds(text: str) -> float:
    """A wall time of the HTTP interface as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
