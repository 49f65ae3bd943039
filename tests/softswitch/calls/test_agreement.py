"""An agreement of the edge is an order for the plane, word for word."""

from dataclasses import replace

from media.commands import Codec, Secrecy, SetRemote
from softswitch.calls.agreement import remote_of
from softswitch.sip.events import RemoteMedia

AGREED = RemoteMedia(
    address="127.62.0.3",
    port=4000,
    codec="PCMU",
    payload_type=0,
    dtmf_payload_type=101,
    comfort_noise_payload_type=13,
    ptime_ms=30,
    may_send=True,
    may_receive=False,
    held=False,
)


def test_what_was_agreed_in_the_clear_is_ordered_in_the_clear() -> None:
    assert remote_of("leg", AGREED) == SetRemote(
        leg_id="leg",
        address="127.62.0.3",
        port=4000,
        codec=Codec.PCMU,
        payload_type=0,
        dtmf_payload_type=101,
        comfort_noise_payload_type=13,
        ptime_ms=30,
        may_send=True,
        may_receive=False,
        secrecy=None,
    )


def test_keys_go_to_the_plane_and_into_no_text() -> None:
    order = remote_of("leg", replace(AGREED, suite="S", send_key="ours", receive_key="theirs"))
    assert order.secrecy == Secrecy(suite="S", send_key="ours", receive_key="theirs")
    assert "ours" not in repr(order)
    assert "theirs" not in repr(order)
