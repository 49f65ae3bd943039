"""What a receiver has had and has still to get; exact moments, and over a restart."""

from softswitch.webhooks.outbox import GIVEN_UP_KEPT, PAUSES_S, WAITING_MOST, Outbox
from tests.api.city import Keeper, Wall


def test_a_failed_entry_is_tried_again_at_its_moment_and_given_up_after_the_last() -> None:
    """5 s, 5 min, half an hour… as the specification proposes."""
    wall = Wall()
    outbox = Outbox("crm", Keeper(), wall)
    outbox.begin(0)
    outbox.failed(1, "500")
    for pause_s in PAUSES_S:
        assert outbox.due() is None
        assert outbox.next_due_in_s() == pause_s
        wall.now += pause_s
        assert outbox.due() == 1
        outbox.failed(1, "500")
    assert (outbox.due(), outbox.next_due_in_s(), outbox.given_up, outbox.waiting) == (None, None, (1,), 0)


def test_delivered_is_done() -> None:
    """Nothing waits, and the cursor never goes back."""
    outbox = Outbox("crm", Keeper(), Wall())
    outbox.begin(4)
    outbox.failed(5, "500")
    outbox.delivered(7)
    outbox.delivered(5)
    assert (outbox.cursor, outbox.waiting, outbox.given_up) == (7, 0, ())


def test_a_receiver_that_is_down_keeps_the_rest_in_the_journal() -> None:
    """Only so many wait here."""
    wall = Wall()
    outbox = Outbox("crm", Keeper(), wall)
    outbox.begin(0)
    for seq in range(1, WAITING_MOST + 1):
        assert outbox.may_go_on
        outbox.failed(seq, "refused")
    assert not outbox.may_go_on
    wall.now += PAUSES_S[0]
    assert outbox.due() == 1
    outbox.delivered(1)
    assert outbox.may_go_on


def test_all_of_it_outlives_a_restart() -> None:
    """Each receiver its own."""
    keeper, wall = Keeper(), Wall()
    outbox = Outbox("crm", keeper, wall)
    outbox.begin(0)
    outbox.failed(1, "500")
    outbox.delivered(2)
    again = Outbox("crm", keeper, wall)
    assert (again.cursor, again.waiting, again.next_due_in_s()) == (2, 1, PAUSES_S[0])
    assert Outbox("other", keeper, wall).cursor is None


def test_gone_is_gone_until_a_replay() -> None:
    """410: nothing is tried any more; a replay begins again at its moment."""
    keeper, wall = Keeper(), Wall()
    outbox = Outbox("crm", keeper, wall)
    outbox.begin(0)
    outbox.failed(1, "410")
    outbox.gone()
    wall.now += PAUSES_S[0]
    assert (outbox.may_go_on, outbox.due(), outbox.next_due_in_s()) == (False, None, None)
    assert Outbox("crm", keeper, wall).is_gone
    outbox.replay(None)
    assert (outbox.may_go_on, outbox.due(), outbox.cursor) == (True, 1, 1)


def test_a_replay_goes_back_and_forgets_what_it_will_send_anyway() -> None:
    """What was given up before that moment is tried at once."""
    outbox = Outbox("crm", Keeper(), Wall())
    outbox.begin(0)
    outbox.failed(1, "500")
    outbox.failed(5, "500")
    outbox.delivered(9)
    outbox.replay(3)
    assert (outbox.cursor, outbox.waiting, outbox.due()) == (3, 1, 1)
    outbox.replay(100)
    assert outbox.cursor == 3


def test_what_is_given_up_is_bounded() -> None:
    """The newest are kept."""
    wall = Wall()
    outbox = Outbox("crm", Keeper(), wall)
    outbox.begin(0)
    for seq in range(GIVEN_UP_KEPT + 5):
        for _ in range(len(PAUSES_S) + 1):
            outbox.failed(seq, "500")
    assert len(outbox.given_up) == GIVEN_UP_KEPT
    assert outbox.given_up[0] == 5
