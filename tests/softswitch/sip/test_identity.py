"""Trunks by address, accounts by digest, and nothing said about which accounts exist."""

from dataclasses import replace

from softswitch.sip.flows import Flow
from softswitch.sip.identity import Identity, Proof
from softswitch.sip.limits import Allowance
from softswitch.sip.message import Request, parse
from softswitch.sip.penalties import BanList, Penalties
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.edge_stand import ACCOUNTS, SECRET, SETTINGS, TRUNK, TRUNKS

FLOW = Flow(listener=0, protocol="udp", address="127.62.0.3", port=5060)


def identity(**changes: object) -> Identity:
    accounts = {account.username: account for account in ACCOUNTS}
    penalties = Penalties(BanList(300.0, 3600.0), 5, lambda _: False, lambda *_: None, Allowance(1000, 60.0))
    return Identity(replace(SETTINGS, **changes), TRUNKS, accounts, SECRET, penalties)  # type: ignore[arg-type]


def register(proof: str = "") -> Request:
    line = f"Authorization: {proof}\r\n" if proof else ""
    message = parse(
        (
            "REGISTER sip:hotline SIP/2.0\r\nVia: SIP/2.0/UDP 127.62.0.3;branch=z9hG4bKx\r\n"
            f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 7 REGISTER\r\n{line}\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


def challenged(who: Identity, now: float, algorithm: str = "SHA-256", flow: Flow = FLOW) -> dict[str, str]:
    proof = who.prove(register(), flow, now, as_registrar=True)
    assert proof.account is None
    text = "X\r\n" + "\r\n".join([f"{name}: {value}" for name, value in proof.challenge]) + "\r\n\r\n"
    return challenge_of(text, "WWW-Authenticate", algorithm)


def test_trunk_is_known_by_its_address() -> None:
    who = identity()
    found = who.trunk_at(TRUNK)
    assert found is not None
    assert found.name == "city"
    assert who.trunk_at("127.62.0.9") is None


def test_right_answer_proves_the_account_with_each_algorithm() -> None:
    who = identity()
    for algorithm in ("SHA-256", "MD5"):
        challenge = challenged(who, 0.0, algorithm)
        answer = authorization(challenge, "phone1001", "secret-1001", "REGISTER", "sip:hotline")
        assert who.prove(register(answer), FLOW, 1.0, as_registrar=True).account == "phone1001"


def test_old_nonce_with_the_right_password_is_stale_and_with_a_wrong_one_is_not() -> None:
    who = identity(nonce_life_s=10.0)
    challenge = challenged(who, 0.0)
    for password, stale in (("secret-1001", True), ("wrong", False)):
        answer = authorization(challenge, "phone1001", password, "REGISTER", "sip:hotline")
        proof = who.prove(register(answer), FLOW, 11.0, as_registrar=True)
        assert proof.account is None
        assert ("stale=true" in proof.challenge[0][1]) is stale


def test_answer_for_another_method_or_from_another_address_proves_nothing() -> None:
    who = identity()
    challenge = challenged(who, 0.0)
    other = authorization(challenge, "phone1001", "secret-1001", "INVITE", "sip:hotline")
    assert who.prove(register(other), FLOW, 1.0, as_registrar=True).account is None
    right = authorization(challenge, "phone1001", "secret-1001", "REGISTER", "sip:hotline")
    elsewhere = replace(FLOW, address="127.62.0.9")
    assert who.prove(register(right), elsewhere, 1.0, as_registrar=True).account is None


def test_broken_credentials_are_answered_like_none() -> None:
    who = identity()
    for broken in ("Digest", "Digest x", 'Digest username="a', "Basic YTpi", 'Digest realm="hotline"'):
        proof = who.prove(register(broken), FLOW, 0.0, as_registrar=True)
        assert proof.account is None
        assert len(proof.challenge) == 2


def attempt(who: Identity, challenge: dict[str, str], password: str, now: float, flow: Flow = FLOW) -> Proof:
    answer = authorization(challenge, "phone1001", password, "REGISTER", "sip:hotline")
    return who.prove(register(answer), flow, now, as_registrar=True)


def test_an_account_under_attack_is_looked_at_slowly_but_for_the_phone_at_home() -> None:
    """Ten strangers guess; a right password from an eleventh address waits, one from where it was proven does not."""
    who = identity()
    home = replace(FLOW, address="127.62.0.30")
    assert attempt(who, challenged(who, 0.0, flow=home), "secret-1001", 1.0, home).account == "phone1001"
    for number in range(10):
        stranger = replace(FLOW, address=f"127.62.1.{number}")
        attempt(who, challenged(who, 1.0, flow=stranger), "wrong", 2.0, stranger)
    late = replace(FLOW, address="127.62.2.1")
    refused = attempt(who, challenged(who, 2.0, flow=late), "secret-1001", 3.0, late)
    assert refused.account is None
    assert "stale" not in refused.challenge[0][1]
    assert attempt(who, challenged(who, 2.0, flow=home), "secret-1001", 3.0, home).account == "phone1001"
    assert attempt(who, challenged(who, 33.0, flow=late), "secret-1001", 34.0, late).account == "phone1001"


def test_who_invents_nonces_soon_learns_nothing_from_them() -> None:
    """Three times a minute a right password with a foreign nonce is called stale, as a phone that moved needs it."""
    who = identity()
    foreign = challenged(who, 0.0, flow=replace(FLOW, address="127.62.0.99"))
    said = ["stale=true" in attempt(who, foreign, "secret-1001", 1.0).challenge[0][1] for _ in range(5)]
    assert said == [True, True, True, False, False]
    for _ in range(3):
        assert "stale" not in attempt(who, foreign, "wrong", 70.0).challenge[0][1]
    assert "stale" not in attempt(who, foreign, "secret-1001", 70.0).challenge[0][1], "guesses were free"
