"""Token buckets of unknown sources."""

from softswitch.sip.limits import Allowance, Gate


def test_unknown_source_has_so_many_messages_in_two_seconds() -> None:
    gate = Gate(16, lambda _: False)
    assert sum(gate.admits("127.62.0.9", 0.0) for _ in range(100)) == 16
    assert gate.refused == 84
    assert sum(gate.admits("127.62.0.9", 1.0) for _ in range(100)) == 8
    assert sum(gate.admits("127.62.0.9", 10.0) for _ in range(100)) == 16


def test_sources_do_not_spend_each_others_tokens() -> None:
    gate = Gate(2, lambda _: False)
    assert [gate.admits("a", 0.0) for _ in range(3)] == [True, True, False]
    assert gate.admits("b", 0.0)


def test_a_host_on_ipv6_has_one_allowance_for_all_addresses_of_its_network() -> None:
    gate = Gate(2, lambda _: False)
    assert [gate.admits(f"2001:db8::{host}", 0.0) for host in (1, 2, 3)] == [True, True, False]
    assert gate.admits("2001:db8:0:1::1", 0.0)


def test_trunks_and_registered_phones_are_exempt() -> None:
    gate = Gate(1, lambda source: source == "127.62.0.2")
    assert all(gate.admits("127.62.0.2", 0.0) for _ in range(1000))
    assert len(gate) == 0


def test_table_of_sources_is_bounded_and_forgets_the_quietest() -> None:
    gate = Gate(1, lambda _: False, most_sources=100)
    for number in range(1000):
        gate.admits(str(number), 0.0)
    assert len(gate) == 100
    assert not gate.admits("999", 0.0)
    assert gate.admits("1", 0.0)


def test_clock_that_steps_back_gives_no_tokens() -> None:
    gate = Gate(1, lambda _: False)
    assert gate.admits("a", 5.0)
    assert not gate.admits("a", 1.0)


def test_the_banned_are_not_heard_and_a_trunk_is_all_the_same() -> None:
    gate = Gate(16, lambda source: source == "trunk", lambda source, now: now < 10.0)
    assert not gate.admits("guesser", 0.0)
    assert gate.shuts_out("guesser", 0.0)
    assert gate.admits("trunk", 0.0)
    assert not gate.shuts_out("trunk", 0.0)
    assert gate.admits("guesser", 10.0)


def test_strangers_together_have_a_limit_that_a_trunk_does_not_feel() -> None:
    gate = Gate(16, lambda source: source == "trunk", burst_of_all=100)
    assert sum(gate.admits(f"stranger-{number}", 0.0) for number in range(1000)) == 100
    assert gate.admits("trunk", 0.0)
    assert sum(gate.admits(f"stranger-{number}", 1.0) for number in range(1000)) == 50
    assert gate.knows("trunk")
    assert not gate.knows("stranger-1")


def test_what_is_said_of_strangers_is_bounded_and_the_rest_is_counted() -> None:
    lines = Allowance(120, 60.0)
    assert sum(lines.take(0.0) for _ in range(10_000)) == 120
    assert lines.spared == 9880
    assert lines.take(0.5)
    assert not lines.take(0.5)
