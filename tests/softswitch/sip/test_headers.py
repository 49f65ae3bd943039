"""The header block: names, lists, order, and that a value stays one value."""

import pytest

from softswitch.sip.headers import Headers, canonical_name
from softswitch.sip.message import MalformedMessage


def headers(*lines: tuple[str, str]) -> Headers:
    """Return a block of these lines."""
    made = Headers()
    for name, value in lines:
        made.add(name, value)
    return made


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("v", "Via"),
        ("V", "Via"),
        ("vIA", "Via"),
        ("call-id", "Call-ID"),
        ("i", "Call-ID"),
        ("CSEQ", "CSeq"),
        ("www-authenticate", "WWW-Authenticate"),
        ("x", "Session-Expires"),
        ("x-leg", "X-Leg"),
        ("P-asserted-identity", "P-Asserted-Identity"),
    ],
)
def test_names_have_one_spelling(written: str, meant: str) -> None:
    """Case and compact forms do not matter."""
    assert canonical_name(written) == meant


@pytest.mark.parametrize("name", ["", "a b", "a:b", "名", "a\r\nb"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    """No header can be smuggled in by its name."""
    with pytest.raises(MalformedMessage):
        Headers().add(name, "x")


@pytest.mark.parametrize("value", ["a\r\nRoute: <sip:x>", "a\nb", "a\rb", "a\0b"])
def test_a_value_cannot_become_another_header(value: str) -> None:
    """CR, LF and NUL are refused by everything that writes."""
    for write in (Headers().add, Headers().set, Headers().insert_first):
        with pytest.raises(MalformedMessage):
            write("Subject", value)


def test_lists_are_taken_apart_where_commas_separate() -> None:
    """Quotes and brackets protect commas; headers that are no lists keep theirs."""
    block = headers(
        ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
        ("Contact", '"A, B" <sip:a,b@c>, <sip:d@e;x="1,2">'),
        ("via", "SIP/2.0/UDP c"),
        ("Allow", "INVITE, ACK,, BYE"),
        ("Authorization", 'Digest a="1", b="2"'),
    )
    assert block.all("Via") == ("SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/UDP c")
    assert block.all("Contact") == ('"A, B" <sip:a,b@c>', '<sip:d@e;x="1,2">')
    assert block.all("Allow") == ("INVITE", "ACK", "BYE")
    assert block.get("Authorization") == 'Digest a="1", b="2"'
    assert block.get("v") == "SIP/2.0/UDP a"
    assert block.get("Route") is None
    assert block.all("Route") == ()


def test_empty_members_of_a_structured_list_are_refused() -> None:
    """`Contact: a,,b` is no list of contacts."""
    with pytest.raises(MalformedMessage):
        headers(("Contact", "<sip:a@b>,,<sip:c@d>")).all("Contact")


def test_a_list_is_one_whatever_lines_and_compact_names_it_is_spread_over() -> None:
    block = headers(("Supported", "timer, 100REL"), ("k", "replaces"))
    assert block.all("supported") == ("timer", "100REL", "replaces")
    assert block.all("Require") == ()


def test_vias_are_pushed_and_popped_one_value_at_a_time() -> None:
    """Popping the first of a line leaves the others in place."""
    block = headers(("From", "x"), ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"), ("Via", "SIP/2.0/UDP c"))
    block.insert_first("Via", "SIP/2.0/UDP z")
    assert [block.pop_first("Via") for _ in range(5)] == [
        "SIP/2.0/UDP z",
        "SIP/2.0/UDP a",
        "SIP/2.0/UDP b",
        "SIP/2.0/UDP c",
        None,
    ]
    assert block.items() == (("From", "x"),)


def test_a_new_header_inserted_first_comes_first_of_all() -> None:
    """So a Via in an empty block stands on top."""
    block = headers(("From", "x"))
    block.insert_first("Via", "v")
    assert block.items()[0] == ("Via", "v")


def test_set_leaves_one_value_in_the_first_place() -> None:
    """The order of the others does not change."""
    block = headers(("X-A", "1"), ("X-B", "2"), ("x-a", "3"), ("X-C", "4"))
    block.set("X-A", "9")
    assert block.items() == (("X-A", "9"), ("X-B", "2"), ("X-C", "4"))
    block.set("X-D", "5")
    assert block.items()[-1] == ("X-D", "5")
    block.remove("x-b")
    assert "X-B" not in block and "x-c" in block
    assert len(block) == 3


def test_a_copy_changes_alone() -> None:
    """The original keeps its lines."""
    block = headers(("X-A", "1"))
    other = block.copy()
    other.add("X-B", "2")
    assert block.items() == (("X-A", "1"),)
    assert block != other
