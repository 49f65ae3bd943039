"""What may cross: read and written anew, or not at all."""

import pytest

from softswitch.sip.allow_list import (
    headers_for_cell,
    headers_for_outside,
    printable,
    q850_cause,
    tag_for_cell,
    unsupported_tags,
)
from softswitch.sip.message import Headers, Request


def headers(*lines: tuple[str, str]) -> Headers:
    made = Headers()
    for name, value in lines:
        made.add(name, value)
    return made


def test_only_known_option_tags_and_methods_reach_a_cell() -> None:
    given = headers(
        ("Supported", "replaces, TIMER, 100rel, x-evil"),
        ("Require", "precondition, 100rel"),
        ("Allow", "INVITE, UPDATE, REFER, EVIL"),
    )
    assert headers_for_cell(given) == [
        ("Supported", "100rel, timer"),
        ("Require", "100rel"),
        ("Allow", "INVITE, UPDATE"),
    ]


@pytest.mark.parametrize(
    ("text", "rebuilt"),
    [
        ("1800", "1800"),
        ("1800 ; refresher=UAS ; x=1", "1800;refresher=uas"),
        ("90;x=y;refresher=uac", "90;refresher=uac"),
        ("soon", None),
        ("99999999999999999999", None),
    ],
)
def test_session_expires_is_written_anew(text: str, rebuilt: str | None) -> None:
    found = dict(headers_for_cell(headers(("Session-Expires", text)))).get("Session-Expires")
    assert found == rebuilt or rebuilt is None and (found is None or len(found) <= 10)


def test_numbers_that_are_none_do_not_cross() -> None:
    given = headers(("RSeq", "7x"), ("Min-SE", "90;a=b"), ("RAck", "1 2 OPTIONS"))
    assert headers_for_cell(given) == [("Min-SE", "90")]
    assert headers_for_cell(headers(("RAck", "0776 02 INVITE"))) == [("RAck", "776 2 INVITE")]


def test_a_cells_private_and_unknown_headers_stay_inside() -> None:
    request = Request("INVITE", "sip:x")
    for name in (
        "X-Leg",
        "X-Secret",
        "User-Agent",
        "Route",
        "Call-Info",
        "Authorization",
        "Supported",
        "CSeq",
    ):
        request.headers.add(name, {"CSeq": "1 INVITE", "Supported": "timer, replaces"}.get(name, "v"))
    names = [name for name, _ in headers_for_outside(request)]
    assert names == ["Allow", "Supported", "Call-Info"]
    assert ("Authorization", "v") in headers_for_outside(request, with_credentials=True)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Q.850;cause=17", 17),
        ('SIP;cause=600, Q.850 ; text="x" ; cause = 16', 16),
        ("Q.850;cause=999", None),
        ("SIP;cause=200", None),
    ],
)
def test_q850_cause_is_read_from_reason(reason: str, cause: int | None) -> None:
    assert q850_cause(headers(("Reason", reason))) == cause


def test_odd_tags_reach_a_cell_as_a_hash() -> None:
    assert tag_for_cell("abc-1.2~3") == "abc-1.2~3"
    for odd in ("a" * 65, "a[b", "é"):
        assert tag_for_cell(odd).startswith("h")
        assert tag_for_cell(odd) == tag_for_cell(odd)
        assert len(tag_for_cell(odd)) == 25


def test_required_extensions_that_we_lack_are_named() -> None:
    assert unsupported_tags(headers(("Require", "100rel, precondition, timer"))) == ("precondition",)


def test_text_for_events_is_clean() -> None:
    assert printable("市民热线") == "市民热线"
    assert printable("a\x00b\nc\udcff") == "abc�"
