"""What edge and far end agreed on, as the plane wants to hear it."""

from media.commands import Codec, Secrecy, SetRemote
from softswitch.sip.events import RemoteMedia


def remote_of(leg_id: str, media: RemoteMedia) -> SetRemote:
    """The order that follows from one agreement of a leg."""
    secrecy = Secrecy(suite=media.suite, send_key=media.send_key, receive_key=media.receive_key)
    return SetRemote(
        leg_id=leg_id,
        address=media.address,
        port=media.port,
        codec=Codec(media.codec),
        payload_type=media.payload_type,
        dtmf_payload_type=media.dtmf_payload_type,
        comfort_noise_payload_type=media.comfort_noise_payload_type,
        ptime_ms=media.ptime_ms,
        may_send=media.may_send,
        may_receive=media.may_receive,
        secrecy=secrecy if media.suite else None,
    )
