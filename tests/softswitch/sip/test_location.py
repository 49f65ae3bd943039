"""Bindings: replaced, bounded, expired, restored."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.flows import Flow
from softswitch.sip.location import Contact, Location


def contact(
    port: int, *, account: str = "a", instance: str = "", expires_at: float = 60.0, uri: str = ""
) -> Contact:
    return Contact(
        account=account,
        uri=uri or f"sip:x@127.62.0.3:{port}",
        instance=instance,
        call_id=f"c{port}",
        cseq=1,
        expires_at=expires_at,
        expires_wall=1000.0 + expires_at,
        flow=Flow(listener=0, protocol="udp", address="127.62.0.3", port=port),
    )


def test_binding_to_an_equivalent_uri_replaces_the_former() -> None:
    location = Location()
    location.bind(contact(1, uri="sip:x@Host.example:5070"), 5)
    location.bind(contact(2, uri="sip:x@host.EXAMPLE:5070;line=1"), 5)
    assert [held.flow.port for held in location.contacts("a")] == [2]


def test_binding_of_the_same_instance_or_source_replaces_the_former() -> None:
    location = Location()
    location.bind(contact(1, instance="urn:1"), 5)
    assert location.bind(contact(2, instance="urn:1"), 5) == (contact(1, instance="urn:1"),)
    location.bind(contact(2, uri="sip:y@127.62.0.3:9"), 5)
    assert [held.uri for held in location.contacts("a")] == ["sip:y@127.62.0.3:9"]


def test_oldest_makes_room() -> None:
    location = Location()
    for port in (1, 2, 3):
        location.bind(contact(port), 2)
    assert [held.flow.port for held in location.contacts("a")] == [2, 3]


def test_expired_bindings_are_removed_and_returned() -> None:
    location = Location()
    location.bind(contact(1, expires_at=10.0), 5)
    location.bind(contact(2, expires_at=20.0), 5)
    assert location.next_expiry() == 10.0
    assert [held.flow.port for held in location.expire(10.0)] == [1]
    assert location.next_expiry() == 20.0


def test_account_is_reachable_while_one_contact_answers() -> None:
    location = Location()
    location.bind(contact(1), 5)
    location.bind(contact(2), 5)
    for held in location.contacts("a"):
        location.mark(held, is_answering=False)
    assert not location.is_reachable("a")
    location.mark(location.contacts("a")[1], is_answering=True)
    assert location.is_reachable("a")


def test_restored_bindings_end_at_the_same_wall_time() -> None:
    record = {"contacts": [contact(1, expires_at=60.0).to_record(), contact(2, expires_at=5.0).to_record()]}
    location = Location()
    location.restore({"a": record}, now=7.0, wall=1010.0)
    (held,) = location.contacts("a")
    assert held.flow.port == 1
    assert held.expires_at == 7.0 + 50.0
    assert location.is_source("127.62.0.3")
    assert location.account_at("127.62.0.3", 1) == "a"


def test_a_wall_clock_that_is_set_ends_no_binding_before_its_time() -> None:
    """Set forward by an hour, and control begins anew a moment later."""
    location, after = Location(), Location()
    location.bind(contact(1, expires_at=60.0), 5)
    assert location.clock_set(3600.0) == ("a",)
    (held,) = location.contacts("a")
    assert (held.expires_at, held.expires_wall) == (60.0, 4660.0)
    after.restore({"a": {"contacts": [held.to_record()]}}, now=7.0, wall=4610.0)
    assert [left.expires_at for left in after.contacts("a")] == [57.0]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 6), st.booleans(), st.floats(0.0, 50.0)), max_size=40
    )
)
def test_limits_and_the_table_of_sources_hold_for_any_history(
    steps: list[tuple[str, int, bool, float]],
) -> None:
    location = Location()
    for account, port, bind, expires_at in steps:
        entry = contact(port, account=account, expires_at=expires_at)
        if bind:
            location.bind(entry, 2)
        else:
            location.unbind(entry)
        held = location.contacts(account)
        assert len(held) <= 2
        assert len({one.uri for one in held}) == len(held)
        assert location.is_source("127.62.0.3") == bool(len(location))
    location.expire(100.0)
    assert len(location) == 0
    assert not location.is_source("127.62.0.3")


def test_headers_in_a_contact_stay_in_the_binding_and_out_of_requests() -> None:
    """A phone may not write a Route into the INVITE that rings it (RFC 3261 section 19.1.5)."""
    held = contact(1, uri="sip:a?b@127.62.0.3:9;line=1?Route=%3Csip:elsewhere%3E")
    assert held.request_uri == "sip:a?b@127.62.0.3:9;line=1"
    assert contact(1, uri="sip:a?b@127.62.0.3").request_uri == "sip:a?b@127.62.0.3"
