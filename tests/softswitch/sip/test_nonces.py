"""Nonces: ours or not, young or old, and counts that only rise."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.nonces import NonceBook, NonceState, Verdict

KEY = ("call", "1 REGISTER", "branch")


def new_book(capacity: int = 100) -> NonceBook:
    """A book whose random octets count up."""
    counter = iter(range(10**6))
    return NonceBook(b"secret", 30.0, lambda length: next(counter).to_bytes(length, "big"), capacity=capacity)


def test_a_nonce_is_fresh_for_its_life_and_then_stale() -> None:
    """The very edges, and never before it was made."""
    book = new_book()
    nonce = book.issue("a", "r", "MD5", 100.0)
    for now, state in ((100.0, "fresh"), (130.0, "fresh"), (130.01, "stale"), (99.9, "stale")):
        assert book.verify(nonce, "a", "r", "MD5", now) is NonceState(state)


def test_a_nonce_for_somebody_else_is_forged() -> None:
    """Source, realm, algorithm and secret are all sealed in."""
    book = new_book()
    nonce = book.issue("a", "r", "MD5", 0.0)
    for facts in (("b", "r", "MD5"), ("a", "s", "MD5"), ("a", "r", "SHA-256")):
        assert book.verify(nonce, *facts, 0.0) is NonceState.FORGED
    assert NonceBook(b"x", 30.0, bytes).verify(nonce, "a", "r", "MD5", 0.0) is NonceState.FORGED


@given(st.text(max_size=60))
def test_what_we_never_made_is_forged(text: str) -> None:
    """Whatever the text."""
    book = new_book()
    assert book.verify(text, "a", "r", "MD5", 0.0) is NonceState.FORGED
    assert book.use(text, 1, KEY) is Verdict.REFUSED


@given(st.integers(0, 43), st.sampled_from("AZaz09-_="))
def test_one_changed_character_is_forged(at: int, char: str) -> None:
    """No octet of a nonce is without meaning, padding included."""
    book = new_book()
    nonce = book.issue("a", "r", "MD5", 5.0)
    changed = nonce[:at] + char + nonce[at + 1 :]
    expected = NonceState.FRESH if changed == nonce else NonceState.FORGED
    assert book.verify(changed, "a", "r", "MD5", 5.0) is expected


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["p", "q"])), max_size=30))
def test_counts_are_accepted_once_and_only_rising(uses: list[tuple[int, str]]) -> None:
    """Against the plainest model: the highest count so far and who used it."""
    book = new_book()
    nonce = book.issue("a", "r", "MD5", 0.0)
    highest, by = 0, ""
    for count, who in uses:
        verdict = book.use(nonce, count, (who, "", ""))
        if count > highest:
            assert verdict is Verdict.ACCEPTED
            highest, by = count, who
        else:
            assert verdict is (Verdict.RETRANSMITTED if (count, who) == (highest, by) else Verdict.STALE)


def test_a_nonce_whose_count_was_forgotten_is_never_fresh_again() -> None:
    """The book is bounded, and forgetting opens no door."""
    book = new_book(capacity=3)
    nonces = [book.issue("a", "r", "MD5", float(at)) for at in range(5)]
    for nonce in nonces:
        assert book.verify(nonce, "a", "r", "MD5", 5.0) is NonceState.FRESH
        assert book.use(nonce, 1, KEY) is Verdict.ACCEPTED
    states = [book.verify(nonce, "a", "r", "MD5", 5.0) for nonce in nonces]
    assert states == [NonceState.STALE] * 2 + [NonceState.FRESH] * 3
    assert book.verify(book.issue("a", "r", "MD5", 5.0), "a", "r", "MD5", 5.0) is NonceState.FRESH
