"""RTCP compound packets."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import rtcp
from media.rtcp import MalformedReport, ReportBlock

BLOCK = ReportBlock(
    ssrc=7, fraction_lost=25, lost=-3, highest_sequence=70000, jitter_samples=12, last_report=5, delay=65536
)


def test_a_sender_report_is_read_as_it_was_written() -> None:
    """With its block, whose loss may be negative (duplicates)."""
    ntp = rtcp.ntp_time(1_700_000_000.5)
    data = rtcp.sender_report(ssrc=1, ntp=ntp, timestamp=2, packets=3, octets=4, block=BLOCK, cname="abc")
    (report,) = rtcp.parse(data)
    assert (report.ssrc, report.ntp, report.blocks) == (1, ntp, (BLOCK,))
    assert len(data) % 4 == 0


@pytest.mark.parametrize("cname", ["", "a", "abcd", "abcdefg"])
def test_a_receiver_report_is_read_as_it_was_written(cname: str) -> None:
    """Without a block, and with names of any length."""
    (report,) = rtcp.parse(rtcp.receiver_report(ssrc=9, block=None, cname=cname))
    assert (report.ssrc, report.ntp, report.blocks) == (9, None, ())
    assert len(rtcp.parse(rtcp.goodbye(9, cname))) == 1


def test_the_middle_of_an_ntp_time_is_seconds_and_fraction() -> None:
    """RFC 3550 section 6.4.1 (LSR)."""
    assert rtcp.middle(0x1234_5678_9ABC_DEF0) == 0x5678_9ABC


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Never another fault."""
    with suppress(MalformedReport):
        assert rtcp.parse(data)


@given(st.integers(0, 51), st.integers(0, 255))
def test_a_damaged_report_is_read_or_refused(place: int, value: int) -> None:
    """One byte changed anywhere."""
    data = bytearray(rtcp.receiver_report(ssrc=9, block=BLOCK, cname="abcdefg"))
    data[place % len(data)] = value
    with suppress(MalformedReport):
        rtcp.parse(bytes(data))


def test_a_compound_must_begin_with_a_report() -> None:
    """Appendix A.2."""
    with pytest.raises(MalformedReport, match="begins with"):
        rtcp.parse(b"\x81\xca\x00\x01\x00\x00\x00\x01")
