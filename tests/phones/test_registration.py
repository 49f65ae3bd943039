"""Three implementations of a phone register with the product's edge: pjsua2, the benches' own, SIPp."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from bench.desk_phones import DeskPhone, Manner
from bench.peers.rtp_stream import Pacer
from bench.trunk_caller import TrunkCaller
from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.sip import SipSettings, TransportProtocol, TransportSettings
from softswitch.sip.edge import Edge
from tests.phones.handset import handset
from tests.sipp.runner import register, sipp

EDGE, PHONES, TRUNK = "127.64.5.1", "127.64.5.3", "127.64.5.2"
ACCOUNT = AccountSettings(
    username="8001",
    password="secret",
    extension="8001",
    media_networks=("127.64.5.0/24",),
    max_contacts=3,
)


class _Keeper:
    """Nothing outlives these tests."""

    def put(self, table: str, key: str, value: dict[str, object]) -> None:
        """Forget it."""

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, object]]) -> None:
        """Forget it."""

    def remove(self, table: str, key: str) -> None:
        """Nothing is kept."""


@pytest.fixture(params=[("SHA-256", "MD5"), ("MD5",)], ids=["both algorithms", "MD5 alone"])
def algorithms(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return cast("tuple[str, ...]", request.param)


@pytest.fixture
async def edge(algorithms: tuple[str, ...]) -> AsyncIterator[Edge]:
    loop = asyncio.get_running_loop()
    settings = SipSettings(
        transports=(
            TransportSettings(protocol=TransportProtocol.UDP, address=EDGE, port=5060),
            TransportSettings(protocol=TransportProtocol.TCP, address=EDGE, port=5060),
        ),
        algorithms=algorithms,
        inner_address="127.64.5.77",
    )
    running = Edge(
        settings,
        (),
        (ACCOUNT,),
        node_name="hotline",
        secret="s" * 32,
        clock=Clock(loop),
        on_event=lambda event: None,
        keep=_Keeper(),
    )
    await running.start()
    yield running
    await running.stop()


@pytest.mark.e2e
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_pjsua2_phone_registers_and_leaves(
    edge: Edge, algorithms: tuple[str, ...], transport: str
) -> None:
    async with handset(
        PHONES,
        account="8001",
        password="secret",
        registrar=f"{EDGE}:5060",
        algorithm=algorithms[0],
        transport=transport,
    ) as phone:
        assert await phone.register() == 200
        assert edge.contacts("8001")
        assert await phone.unregister() == 200
        assert not edge.contacts("8001")


@pytest.mark.e2e
async def test_a_pjsua2_phone_with_a_wrong_password_does_not(edge: Edge) -> None:
    async with handset(
        PHONES, account="8001", password="wrong", registrar=f"{EDGE}:5060", algorithm="MD5"
    ) as phone:
        assert await phone.register() >= 400
        assert not edge.contacts("8001")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_simulated_phone_registers_and_answers_the_ping(edge: Edge, algorithm: str) -> None:
    phone = await DeskPhone.start(
        "8001",
        "secret",
        address=PHONES,
        registrar=(EDGE, 5060),
        pacer=Pacer(),
        manner=Manner(algorithm=algorithm),
    )
    assert await phone.register() == 200
    assert len(edge.contacts("8001")) == 1
    assert edge.is_reachable("8001")
    await phone.close()
    assert not edge.contacts("8001")


@pytest.mark.e2e
@pytest.mark.parametrize("algorithms", [("MD5",)])
async def test_a_sipp_phone_registers_with_md5(edge: Edge) -> None:
    # SIPp 3.6 knows MD5 alone and does not look beyond the first challenge.
    result = await register((EDGE, 5060), "8001", "secret", address=PHONES, port=5075)
    assert result.code == 0, result.errors + result.messages
    assert len(edge.contacts("8001")) == 1
    gone = await register((EDGE, 5060), "8001", "secret", address=PHONES, port=5075, expires_s=0)
    assert gone.code == 0, gone.errors + gone.messages
    assert not edge.contacts("8001")


async def test_a_caller_whom_nobody_knows_is_challenged(edge: Edge) -> None:
    caller = await TrunkCaller.start(address=TRUNK, server=(EDGE, 5060), pacer=Pacer())
    call = await caller.call("12345", "13800000001")
    assert await call.answered in {401, 407}
    await caller.close()


@pytest.mark.e2e
async def test_sipp_sees_the_same_challenge(edge: Edge) -> None:
    result = await sipp("caller_refused", (EDGE, 5060), address=TRUNK, timeout_s=8)
    assert result.statuses()[-1] in {401, 407}, result.messages
