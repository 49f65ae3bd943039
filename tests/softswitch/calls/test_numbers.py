"""Numbers: every spelling of a number has one normal form, and each trunk gets its own."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softswitch.calls.numbers import (
    CallerIdentity,
    called_number,
    caller_of,
    format_outbound,
    inbound_number,
    normalise,
    presented_number,
)
from softswitch.settings.trunks import NumberSettings

WUXI = "0510"
RULES = NumberSettings()


@pytest.mark.parametrize(
    "text",
    [
        "051085551234",
        "51085551234",
        "85551234",
        "+8651085551234",
        "+86051085551234",
        "+86 510 8555 1234",
        "0086-510-85551234",
        "008651085551234",
        "8651085551234",
        "86051085551234",
        "(0510) 8555-1234",
        "０５１０８５５５１２３４",
        "\u202d0510 8555 1234\u202c",
    ],
)
def test_every_spelling_of_a_fixed_line_is_one_number(text: str) -> None:
    """Area code with its 0, then the number."""
    assert normalise(text, WUXI) == "051085551234"


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "+8613812345678",
        "+86013812345678",
        "008613812345678",
        "8613812345678",
        "013812345678",
        "138-1234-5678",
    ],
)
def test_every_spelling_of_a_mobile_is_one_number(text: str) -> None:
    """Eleven digits, no 0."""
    assert normalise(text, WUXI) == "13812345678"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("12345", "12345"),
        ("+8612345", "12345"),
        ("008612345", "12345"),
        ("051012345", "12345"),
        ("+8651012345", "12345"),
        ("02512345", "02512345"),  # another city's 12345
        ("110", "110"),
        ("10086", "10086"),
        ("95588", "95588"),
        ("+8695588", "95588"),
        ("9501300000", "9501300000"),
        ("4001234567", "4001234567"),
        ("+864001234567", "4001234567"),
        ("8001234567", "8001234567"),
        ("10101010", "10101010"),
        ("1065551234", "01065551234"),
        ("01065551234", "01065551234"),
        ("+861065551234", "01065551234"),
        ("02165551234", "02165551234"),
        ("2165551234", "02165551234"),
        ("09517654321", "09517654321"),
        ("+8609517654321", "09517654321"),
        ("8655123", "05108655123"),  # a local number that happens to begin with 86
        ("86551234", "051086551234"),
        ("+12125550100", "+12125550100"),
        ("0012125550100", "+12125550100"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("+85212345678", "+85212345678"),
        ("8001", "8001"),
        ("1001", "1001"),
        ("*86", "*86"),
        ("alice", "alice"),
        (" alice ", "alice"),
        ("", ""),
        ("+", "+"),
        ("000", "000"),
        ("+86", "+86"),
        ("+862", "+862"),
    ],
)
def test_numbers_of_each_kind(text: str, normal: str) -> None:
    """Short codes, freephone, other cities, abroad, extensions and names."""
    assert normalise(text, WUXI) == normal


dialled = st.text("0123456789+*#- ", max_size=18)
prefixed = st.builds(
    str.__add__,
    st.sampled_from(["", "0", "00", "+", "86", "+86", "0086", "0510", "+860", "+8600", "510"]),
    dialled,
)


@given(st.one_of(prefixed, st.text(max_size=12)), st.sampled_from(["0510", "010", "021", "0951"]))
@example("+860013912345678", "0510")
@example("0510012345", "0510")
@example("86510 12345678", "0510")
def test_the_normal_form_of_a_normal_form_is_itself(text: str, area_code: str) -> None:
    """Whatever comes in, twice is once."""
    once = normalise(text, area_code)
    assert normalise(once, area_code) == once


real = st.one_of(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"0510[2-8][0-9]{7}", fullmatch=True),
    st.from_regex(r"0(10|2[0-9])[2-8][0-9]{7}", fullmatch=True),
    st.from_regex(r"0[3-9][1-9][0-9][2-8][0-9]{6,7}", fullmatch=True),
    st.sampled_from(["12345", "110", "95588", "4001234567", "10086"]),
    st.from_regex(r"\+(1|44|49|852|81)[1-9][0-9]{7,9}", fullmatch=True),
)


@given(real, st.sampled_from(["national", "e164", "local"]))
def test_what_goes_out_comes_back_as_the_same_number(number: str, form: str) -> None:
    """Each outbound form is read back to the normal form."""
    rules = NumberSettings(outbound_format=form)
    assert normalise(number, WUXI) == number
    assert inbound_number(format_outbound(number, rules, WUXI), rules, WUXI) == number


@pytest.mark.parametrize(
    ("number", "form", "dialled"),
    [
        ("051085551234", "national", "051085551234"),
        ("051085551234", "e164", "+8651085551234"),
        ("051085551234", "local", "85551234"),
        ("02585551234", "local", "02585551234"),
        ("13812345678", "national", "13812345678"),
        ("+86 138 1234 5678", "e164", "+8613812345678"),
        ("12345", "e164", "12345"),
        ("4001234567", "e164", "4001234567"),
        ("+12125550100", "national", "0012125550100"),
        ("+12125550100", "local", "0012125550100"),
        ("+12125550100", "e164", "+12125550100"),
    ],
)
def test_each_trunk_gets_its_form(number: str, form: str, dialled: str) -> None:
    """And its prefix before it."""
    assert format_outbound(number, NumberSettings(outbound_format=form), WUXI) == dialled
    assert (
        format_outbound(number, NumberSettings(outbound_format=form, outbound_prefix="9"), WUXI)
        == "9" + dialled
    )


def test_the_presented_number_is_the_trunks_or_the_hotlines() -> None:
    """In the trunk's form, without its dialling prefix."""
    rules = NumberSettings(outbound_format="e164", outbound_prefix="9")
    assert presented_number("051012345", rules, WUXI) == "12345"
    named = NumberSettings(outbound_format="e164", outbound_prefix="9", presented_number="051088880000")
    assert presented_number("12345", named, WUXI) == "+8651088880000"


def test_a_trunks_own_prefix_goes_first() -> None:
    """The longest that fits, once, and never the whole number."""
    rules = NumberSettings(inbound_prefixes_stripped=("9", "99", ""))
    assert inbound_number("9985551234", rules, WUXI) == "051085551234"
    assert inbound_number("912345", rules, WUXI) == "12345"
    assert inbound_number("99", rules, WUXI) == "9"


def test_the_dialled_number_is_the_user_of_the_request() -> None:
    """Parameters of a telephone-subscriber go; a global context completes the number."""
    assert called_number("12345", RULES, WUXI) == "12345"
    assert called_number("+8651012345;npdi", RULES, WUXI) == "12345"
    assert called_number("85551234;phone-context=+86510", RULES, WUXI) == "051085551234"
    assert called_number("85551234;phone-context=example.com", RULES, WUXI) == "051085551234"


def caller(*headers: tuple[str, str], trusted: bool = True) -> CallerIdentity:
    """Return who calls by these headers."""
    return caller_of(headers, NumberSettings(trust_asserted_identity=trusted), WUXI)


def test_the_caller_is_in_from() -> None:
    """Number and display name."""
    found = caller(
        ("From", '"张三" <sip:+8613812345678@gw.example.com;user=phone>;tag=1'), ("To", "<sip:12345@h>")
    )
    assert found == CallerIdentity(number="13812345678", display="张三", restricted=False)


def test_an_asserted_identity_counts_before_from_on_a_trusted_trunk() -> None:
    """And only there; the tel form of two is as good as the sip form."""
    headers = (
        ("From", "<sip:4001234567@gw>;tag=1"),
        ("P-Asserted-Identity", "<sip:gateway@gw.invalid>, <tel:+86-138-1234-5678>"),
    )
    assert caller(*headers).number == "13812345678"
    assert caller(*headers, trusted=False).number == "4001234567"


@pytest.mark.parametrize("privacy", ["id", "user;id", "header; user", "ID", "none;id;critical"])
def test_a_caller_who_hides_is_known_and_marked(privacy: str) -> None:
    """The number serves routing; the mark keeps it from screens."""
    found = caller(
        ("From", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'),
        ("P-Asserted-Identity", "<sip:051085551234@gw>"),
        ("Privacy", privacy),
    )
    assert found == CallerIdentity(number="051085551234", display="", restricted=True)


def test_privacy_none_hides_nothing() -> None:
    """Nor does a header that is not privacy."""
    found = caller(("From", "<sip:13812345678@gw>;tag=1"), ("Privacy", "none"))
    assert not found.restricted


@pytest.mark.parametrize(
    "text",
    [
        "<sip:anonymous@anonymous.invalid>;tag=1",
        '"x" <sip:Anonymous@gw>;tag=1',
        "<sip:gw.example.com>;tag=1",
        "<sip:unavailable@gw>;tag=1",
        "<sip:restricted@gw>;tag=1",
    ],
)
def test_a_caller_without_number_is_nobody(text: str) -> None:
    """No number, and not to be shown."""
    found = caller(("From", text))
    assert (found.number, found.restricted) == ("", True)


def test_remote_party_id_of_older_gateways_is_read() -> None:
    """With its own privacy."""
    found = caller(
        ("From", "<sip:anonymous@gw>;tag=1"),
        ("Remote-Party-ID", '"Li" <sip:85551234@gw>;party=calling;privacy=full;screen=yes'),
    )
    assert found == CallerIdentity(number="051085551234", display="Li", restricted=True)


def test_who_diverted_the_call_is_kept() -> None:
    """Diversion: the latest first, and the text as it came."""
    found = caller(
        ("From", "<sip:13812345678@gw>;tag=1"),
        ("Diversion", "<sip:85550001@gw>;reason=unconditional, <tel:+8651085550002>;reason=no-answer"),
    )
    assert found.diverted_from == ("051085550001", "051085550002")
    assert found.history == (
        "<sip:85550001@gw>;reason=unconditional",
        "<tel:+8651085550002>;reason=no-answer",
    )


def test_history_info_names_the_stations_before_this_one() -> None:
    """The last entry is where the call stands now."""
    found = caller(
        ("From", "<sip:13812345678@gw>;tag=1"),
        ("History-Info", "<sip:85550001@gw>;index=1, <sip:85550002@gw?Reason=SIP%3Bcause%3D302>;index=1.1"),
        ("History-Info", "<sip:12345@h>;index=1.1.1"),
    )
    assert found.diverted_from == ("051085550002", "051085550001")
    assert len(found.history) == 3


def test_headers_that_cannot_be_read_are_as_good_as_absent() -> None:
    """A broken identity never stops a call."""
    found = caller(
        ("From", "<sip:13812345678@gw>;tag=1"),
        ("P-Asserted-Identity", '"broken <sip:1@gw>'),
        ("Diversion", "<sip:1@gw>,,"),
        ("Bad Name", "x"),
        ("History-Info", "nonsense"),
    )
    assert found.number == "13812345678"
    assert found.diverted_from == ()
    assert caller() == CallerIdentity(number="", display="", restricted=False)


def test_an_escaped_control_character_is_in_no_number() -> None:
    """It would go into records, JSON and the log."""
    found = caller_of([("From", "<sip:138%0000000%0A001@h>;tag=1")], NumberSettings(), "0510")
    assert found.number == "13800000001"
