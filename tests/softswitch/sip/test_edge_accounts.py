"""Accounts that come and go while the edge runs: who is new registers at once, who is gone is registered no more."""

from dataclasses import replace

from softswitch.settings.accounts import AccountSettings
from softswitch.sip.events import AccountReachabilityChanged
from tests.softswitch.sip.edge_stand import ACCOUNTS, PHONE, running_edge
from tests.softswitch.sip.raw_peer import start_line
from tests.softswitch.sip.test_registrar import register

NEW = AccountSettings(
    username="phone1003", password="secret-1003", extension="1003", media_networks=("127.62.0.0/24",)
)


async def test_an_account_that_is_new_registers_at_once() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        refused = await register(stand, phone, "phone1003", "secret-1003")
        assert start_line(refused).split()[1] == "401"
        stand.edge.take_accounts((*ACCOUNTS, NEW))
        other = await stand.peer(PHONE)
        assert start_line(await register(stand, other, "phone1003", "secret-1003")) == "SIP/2.0 200 OK"
        assert stand.edge.is_reachable("phone1003")


async def test_an_account_that_is_gone_is_registered_no_more_and_its_password_is_worth_nothing() -> None:
    async with running_edge() as stand:
        phone, other = await stand.peer(PHONE), await stand.peer(PHONE)
        await register(stand, phone)
        await register(stand, other, "phone1002", "secret-1002")
        stand.edge.take_accounts(ACCOUNTS[1:])
        gone = [
            event
            for event in stand.events
            if isinstance(event, AccountReachabilityChanged) and not event.reachable
        ]
        assert [(event.account, event.cause) for event in gone] == [("phone1001", "removed")]
        assert stand.edge.is_reachable("phone1002")
        assert "phone1001" not in stand.keeper.tables["binding"]
        again = await stand.peer(PHONE)
        assert start_line(await register(stand, again)).split()[1] == "401"


async def test_another_password_is_asked_for_with_the_next_register() -> None:
    """The phone stays registered until then: a call that comes meanwhile rings."""
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone)
        stand.edge.take_accounts((replace(ACCOUNTS[0], password="another-1001"), ACCOUNTS[1]))
        assert stand.edge.is_reachable("phone1001")
        assert start_line(await register(stand, phone, cseq=10)).split()[1] == "401"
        assert start_line(await register(stand, phone, password="another-1001", cseq=20)) == "SIP/2.0 200 OK"
