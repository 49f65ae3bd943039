"""When numbers of a list may be called."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.calendars.days import Days
from softswitch.calendars.hours import Hours
from softswitch.calendars.opening import Opening, local
from softswitch.calls.dial_results import DialResult
from softswitch.campaigns.rules import ListRules

MONDAY_8 = 1_700_438_400.0  # 2023-11-20 08:00 in China
RULES = ListRules(name="x", queue="hotline", window="09:00-20:00", hours="office")


def office() -> Opening:
    """Weekdays from 8:30 to 17:30."""
    day = ("08:30-17:30",)
    hours = Hours(
        id="office", observes_holidays=False, monday=day, tuesday=day, wednesday=day, thursday=day, friday=day
    )
    return Opening(hours, Days({}, frozenset()))


def test_both_the_window_and_the_opening_hours_must_allow_it() -> None:
    opening = office()
    assert not RULES.is_open(opening, MONDAY_8 + 45 * 60)  # 8:45: open, before the window
    assert RULES.is_open(opening, MONDAY_8 + 3600)
    assert not RULES.is_open(opening, MONDAY_8 + 10 * 3600)  # 18:00: closed, within the window
    assert RULES.is_open(None, MONDAY_8 + 10 * 3600)


@given(now=st.floats(MONDAY_8, MONDAY_8 + 14 * 86_400))
def test_it_is_looked_at_again_no_later_than_numbers_may_be_called(now: float) -> None:
    """While closed: at the next look, or at a look that follows from it, it is open; and no open minute is missed."""
    opening, at, looks = office(), now, 0
    while not RULES.is_open(opening, at) and looks < 20:
        later = RULES.next_look(opening, at)
        assert later > at
        step = at
        while step < later:
            assert not RULES.is_open(opening, step), local(step)
            step += 600
        at, looks = later, looks + 1
    assert RULES.is_open(opening, at)


def test_rules_come_back_as_they_were_kept() -> None:
    rules = ListRules(
        name="x", queue="q", retry_s={DialResult.BUSY: 60}, do_not_call=("a", "b"), line="12345"
    )
    assert ListRules.restored(rules.to_record()) == rules
    assert rules.retry_at(DialResult.BUSY, 1.0) == 61.0
    assert rules.retry_at(DialResult.NO_ANSWER, 1.0) is None
    assert [place for place, _ in ListRules(name="x", queue="q", window="soon").faults()] == ["window"]
