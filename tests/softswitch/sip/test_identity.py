"""Trunks by address, accounts by digest, and nothing said about which accounts exist."""

from dataclasses import replace

from softswitch.sip.flows import Flow
from softswitch.sip.identity import Identity
from softswitch.sip.message import Request, parse
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.edge_stand import ACCOUNTS, SECRET, SETTINGS, TRUNK, TRUNKS

FLOW = Flow(listener=0, protocol="udp", address="127.62.0.3", port=5060)


def identity(**changes: object) -> Identity:
    accounts = {account.username: account for account in ACCOUNTS}
    return Identity(replace(SETTINGS, **changes), TRUNKS, accounts, SECRET)  # type: ignore[arg-type]


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


def challenged(who: Identity, now: float, algorithm: str = "SHA-256") -> dict[str, str]:
    proof = who.prove(register(), FLOW, now, as_registrar=True)
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
