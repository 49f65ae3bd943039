"""Who guesses is banned for a while; who is at home is never shut out by others."""

from dataclasses import replace

from softswitch.sip.flows import Flow
from softswitch.sip.limits import Allowance
from softswitch.sip.penalties import BanList, Penalties

GUESSER = Flow(listener=0, protocol="udp", address="127.62.0.9", port=5060)
PHONE = replace(GUESSER, address="127.62.0.3")


def penalties(bans: BanList, *exempt: str, registered: Flow | None = None) -> Penalties:
    def account_at(address: str, port: int) -> str | None:
        at = registered is not None and (address, port) == (registered.address, registered.port)
        return "8001" if at else None

    return Penalties(bans, 5, lambda source: source in exempt, account_at, Allowance(1000, 60.0))


def test_a_source_has_five_wrong_passwords_a_minute_and_then_is_banned() -> None:
    bans = BanList(300.0, 3600.0)
    what = penalties(bans)
    for _ in range(5):
        what.note_failure(None, "nobody", GUESSER, 0.0)
    assert not bans.is_banned(GUESSER.address, 0.0)
    what.note_failure(None, "nobody", GUESSER, 0.0)
    assert bans.is_banned(GUESSER.address, 299.9)
    assert not bans.is_banned(GUESSER.address, 300.0)
    assert not bans.is_banned(PHONE.address, 0.0)
    assert bans.standing(1.0) == 1


def test_a_guesser_on_ipv6_is_banned_with_its_network_and_nobody_elses() -> None:
    bans = BanList(300.0, 3600.0)
    what = penalties(bans)
    for host in range(6):
        what.note_failure(None, "nobody", replace(GUESSER, address=f"2001:db8::{host}"), 0.0)
    assert bans.is_banned("2001:db8::ffff", 1.0)
    assert not bans.is_banned("2001:db8:0:1::1", 1.0)


def test_a_phone_with_an_old_password_that_tries_twice_a_minute_is_never_banned() -> None:
    bans = BanList(300.0, 3600.0)
    what = penalties(bans)
    for turn in range(1000):
        what.note_failure("8001", "8001", PHONE, 30.0 * turn)
    assert not len(bans)


def test_trunks_and_registered_contacts_are_never_banned() -> None:
    bans = BanList(300.0, 3600.0)
    what = penalties(bans, PHONE.address)
    for _ in range(100):
        what.note_failure("8001", "8001", PHONE, 0.0)
    assert not len(bans)


def test_each_ban_is_twice_as_long_until_a_source_was_good_for_a_while() -> None:
    bans = BanList(300.0, 1000.0)
    assert [bans.ban("a", now) for now in (0.0, 300.0, 900.0)] == [300.0, 600.0, 1000.0]
    assert bans.ban("a", 1900.0 + 1000.0) == 300.0


def test_bans_can_be_switched_off_and_their_list_is_bounded() -> None:
    off = BanList(0.0, 0.0)
    assert off.ban("a", 0.0) == 0.0
    assert not off.is_banned("a", 0.0)
    bans = BanList(300.0, 300.0, most=100)
    for number in range(1000):
        bans.ban(str(number), 0.0)
    assert len(bans) == 100
    assert bans.is_banned("999", 1.0)


def test_the_phone_that_is_registered_there_may_always_try() -> None:
    """Whatever comes from its address and from elsewhere with its name."""
    what = penalties(BanList(300.0, 3600.0), PHONE.address, registered=PHONE)
    neighbour = replace(PHONE, port=9)
    what.note_proven("8001", PHONE)
    for _ in range(100):
        what.note_failure("8001", "8001", GUESSER, 0.0)
        what.note_failure("8001", "8001", neighbour, 0.0)
    assert not what.may_guess("8001", GUESSER, 0.0)
    assert not what.may_guess("8001", neighbour, 0.0)
    assert what.may_guess("8001", PHONE, 0.0)
    assert what.may_guess("8001", GUESSER, 30.0), "strangers are slowed, not shut out"
    assert what.may_guess("8002", GUESSER, 0.0)


def test_an_account_has_four_homes_the_oldest_goes() -> None:
    what = penalties(BanList(300.0, 3600.0))
    homes = [replace(PHONE, address=f"127.62.0.{number}") for number in range(10, 15)]
    for home in homes:
        what.note_proven("8001", home)
    for _ in range(10):
        what.note_failure("8001", "8001", GUESSER, 0.0)
    assert [what.may_guess("8001", home, 0.0) for home in homes] == [False, True, True, True, True]
