"""Keys in session descriptions: which lines count, what we offer and answer, and that nothing is ever downgraded."""

from dataclasses import replace

import pytest

from softswitch.sip.dialogs import local_media
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import RemoteMedia
from softswitch.sip.offer_answer import OfferAnswer
from softswitch.sip.sdes import CryptoLine, Secrecy, Suite, first_usable, fresh_key, offered_lines
from softswitch.sip.sdp import SessionDescription

NETWORKS = ("127.0.0.0/8",)
KEY = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"  # RFC 4568, section 9.1.1


def machine(secrecy: Secrecy) -> OfferAnswer:
    return OfferAnswer(local_media(("127.62.0.5", 20000), 7, ("PCMA",), secrecy))


def offer(protocol: str, *crypto: str) -> bytes:
    lines = "".join([f"a=crypto:{line}\r\n" for line in crypto])
    return (
        "v=0\r\no=- 1 1 IN IP4 127.62.0.3\r\ns=-\r\nc=IN IP4 127.62.0.3\r\nt=0 0\r\n"
        f"m=audio 4000 {protocol} 8\r\n{lines}a=rtpmap:8 PCMA/8000\r\n"
    ).encode()


def crypto_of(description: SessionDescription) -> list[str]:
    return [value or "" for name, value in description.media[0].attributes if name == "crypto"]


@pytest.mark.parametrize(
    "line",
    [
        "1 AES_CM_128_HMAC_SHA1_80 inline:short",
        f"1 AES_256_CM_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",  # with an MKI
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 {KEY}",
        "",
    ],
)
def test_lines_that_we_cannot_use_are_passed_over(line: str) -> None:
    good = f"2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^31"
    assert first_usable([line]) is None
    assert first_usable([line, good]) == CryptoLine(tag=2, suite=Suite.SHA1_32, key=KEY)


def test_keys_are_new_each_time_and_never_printed() -> None:
    first, second = fresh_key(), fresh_key()
    assert first != second
    (line, _) = offered_lines(first)
    assert first_usable([line.value]) == line
    agreed = machine(Secrecy.REQUIRED).receive_offer(
        offer("RTP/SAVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), NETWORKS
    )
    assert isinstance(agreed, RemoteMedia)
    assert KEY not in repr(agreed)
    assert first not in repr(line)


@pytest.mark.parametrize("secrecy", [Secrecy.OPTIONAL, Secrecy.REQUIRED])
def test_an_encrypted_offer_is_answered_with_its_tag_and_our_key(secrecy: Secrecy) -> None:
    ours = machine(secrecy)
    agreed = ours.receive_offer(
        offer("RTP/SAVP", "1 F8_128_HMAC_SHA1_80 inline:x", f"7 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
        NETWORKS,
    )
    answer = ours.answer()
    assert answer.media[0].protocol == "RTP/SAVP"
    assert crypto_of(answer) == [f"7 AES_CM_128_HMAC_SHA1_32 inline:{agreed.send_key}"]
    assert (agreed.suite, agreed.receive_key) == ("AES_CM_128_HMAC_SHA1_32", KEY)
    again = OfferAnswer.from_record(ours.to_record())
    assert again.agreed == agreed
    assert again.make_offer().media[0].protocol == "RTP/SAVP"


def test_encrypted_sound_is_refused_where_it_is_off_and_plain_sound_where_it_is_required() -> None:
    for secrecy, body in (
        (Secrecy.OFF, offer("RTP/SAVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")),
        (Secrecy.REQUIRED, offer("RTP/AVP")),
        (Secrecy.REQUIRED, offer("RTP/AVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")),
        (Secrecy.REQUIRED, offer("RTP/SAVP")),
        (Secrecy.OPTIONAL, offer("RTP/SAVP", "1 AES_CM_128_HMAC_SHA1_80 inline:bad")),
        (Secrecy.REQUIRED, offer("UDP/TLS/RTP/SAVP")),
    ):
        with pytest.raises(NotAcceptable) as refused:
            machine(secrecy).receive_offer(body, NETWORKS)
        assert refused.value.status == 488
        assert KEY not in refused.value.warning


def test_optional_takes_what_is_offered_and_plain_stays_plain() -> None:
    for secrecy in (Secrecy.OFF, Secrecy.OPTIONAL):
        ours = machine(secrecy)
        assert not ours.receive_offer(offer("RTP/AVP"), NETWORKS).suite
        answer = ours.answer()
        assert answer.media[0].protocol == "RTP/AVP"
        assert not crypto_of(answer)


def test_what_holds_encrypted_cannot_be_moved_into_the_clear_when_that_is_required() -> None:
    """A re-INVITE without a key is refused, and the agreement stands."""
    ours = machine(Secrecy.REQUIRED)
    agreed = ours.receive_offer(offer("RTP/SAVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), NETWORKS)
    ours.answer()
    with pytest.raises(NotAcceptable):
        ours.receive_offer(offer("RTP/AVP"), NETWORKS)
    assert ours.agreed == agreed


@pytest.mark.parametrize("secrecy", [Secrecy.OPTIONAL, Secrecy.REQUIRED])
def test_our_offer_is_encrypted_and_binds_the_answer(secrecy: Secrecy) -> None:
    ours = machine(secrecy)
    made = ours.make_offer()
    assert made.media[0].protocol == "RTP/SAVP"
    lines = [first_usable([value]) for value in crypto_of(made)]
    assert [(line.tag, line.suite) for line in lines if line] == [(1, Suite.SHA1_80), (2, Suite.SHA1_32)]
    for wrong in (
        offer("RTP/AVP"),
        offer("RTP/SAVP"),
        offer("RTP/SAVP", f"2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        offer("RTP/SAVP", f"3 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
    ):
        with pytest.raises(NotAcceptable):
            ours.receive_answer(wrong, NETWORKS)
    agreed = ours.receive_answer(offer("RTP/SAVP", f"2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"), NETWORKS)
    assert lines[0] is not None
    assert agreed == replace(agreed, suite="AES_CM_128_HMAC_SHA1_32", receive_key=KEY, send_key=lines[0].key)
