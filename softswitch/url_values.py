"""A value put into an address that somebody else wrote: a caller has no say in where it leads."""

from urllib.parse import quote


def quoted(value: str) -> str:
    """The value, percent-encoded whole (RFC 3986 section 2.1); empty when it is nothing but dots.

    `.` and `..` mean a step in the path however they are encoded (section 6.2.2.3), and no number or name is made of them.
    """
    return quote(value, safe="") if value.strip(".") else ""
