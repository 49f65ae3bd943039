"""How fast passwords may be tried, and that nobody is locked out by others."""

from api.leaky_buckets import KEPT_MOST
from api.sign_in_throttle import PER_ACCOUNT, PER_PAIR, PER_SOURCE, SignInThrottle


def failed(throttle: SignInThrottle, times: int, source: str, account: str, now: float = 0.0) -> None:
    for _ in range(times):
        throttle.failed(source, account, now)


def test_a_few_failures_are_free_and_then_each_try_costs_a_pause() -> None:
    """Exact moments: the fifth failure closes the pair for one pause."""
    throttle = SignInThrottle()
    failed(throttle, PER_PAIR.at_once - 1, "a", "1001")
    assert throttle.wait_s("a", "1001", 0.0) == 0.0
    failed(throttle, 1, "a", "1001")
    assert throttle.wait_s("a", "1001", 0.0) == PER_PAIR.every_s
    assert throttle.wait_s("a", "1001", PER_PAIR.every_s) == 0.0
    throttle.failed("a", "1001", PER_PAIR.every_s)
    assert throttle.wait_s("a", "1001", PER_PAIR.every_s) == PER_PAIR.every_s


def test_a_right_password_clears_the_pair() -> None:
    """Who mistyped begins anew the next day."""
    throttle = SignInThrottle()
    failed(throttle, PER_PAIR.at_once, "a", "1001")
    throttle.succeeded("a", "1001")
    assert throttle.wait_s("a", "1001", 0.0) == 0.0


def test_a_source_that_tries_many_accounts_waits() -> None:
    """But not for an account that signed in from there before: the neighbours behind one address."""
    throttle = SignInThrottle()
    throttle.succeeded("office", "1001")
    for number in range(PER_SOURCE.at_once):
        throttle.failed("office", f"9{number:03}", 0.0)
    assert throttle.wait_s("office", "5555", 0.0) == PER_SOURCE.every_s
    assert throttle.wait_s("office", "1001", 0.0) == 0.0
    assert throttle.wait_s("elsewhere", "5555", 0.0) == 0.0


def test_a_crowd_that_tries_one_account_waits_and_its_owner_does_not() -> None:
    """A source from which the account was signed in before is not asked to wait for strangers."""
    throttle = SignInThrottle()
    throttle.succeeded("desk", "1001")
    for number in range(PER_ACCOUNT.at_once):
        throttle.failed(f"bot{number}", "1001", 0.0)
    assert throttle.wait_s("another bot", "1001", 0.0) == PER_ACCOUNT.every_s
    assert throttle.wait_s("desk", "1001", 0.0) == 0.0
    assert throttle.wait_s("another bot", "1002", 0.0) == 0.0


def test_what_is_remembered_is_bounded() -> None:
    """Every table of it, whatever names attackers think of."""
    throttle = SignInThrottle()
    for number in range(KEPT_MOST + 50):
        throttle.failed(f"s{number}", f"a{number}", 0.0)
        throttle.succeeded(f"s{number}", f"b{number}")
    kept = (throttle._pairs, throttle._sources, throttle._accounts)
    assert all(len(failures._full_until) <= KEPT_MOST for failures in kept)
    assert len(throttle._known) <= KEPT_MOST
