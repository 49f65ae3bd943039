"""What a phone is told of the transfer that it asked for: NOTIFY with a sipfrag (RFC 3515 section 2.4.5)."""

from softswitch.cells.messages import SendRequest

_PHRASES = {
    100: "Trying",
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    501: "Not Implemented",
    503: "Service Unavailable",
    603: "Decline",
}


def notice(leg_id: str, status: int) -> SendRequest:
    """Return the NOTIFY; a status below 200 is not the last word."""
    state = "active;expires=60" if status < 200 else "terminated;reason=noresource"
    return SendRequest(
        leg_id=leg_id,
        method="NOTIFY",
        headers=(("Event", "refer"), ("Subscription-State", state)),
        content_type="message/sipfrag;version=2.0",
        body=f"SIP/2.0 {status} {_PHRASES.get(status, 'Failed')}\r\n",
    )
