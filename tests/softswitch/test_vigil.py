"""A process that says nothing for too long hangs; one that nobody looked at gets its time again."""

from softswitch.vigil import Vigil


def test_it_hangs_when_its_patience_ran_out_and_not_before() -> None:
    vigil = Vigil(3.0, 0.0)
    assert [vigil.is_hung(now) for now in (1.0, 2.0, 3.0, 3.1)] == [False, False, False, True]


def test_a_word_of_it_begins_the_time_anew() -> None:
    vigil = Vigil(3.0, 0.0)
    assert not vigil.is_hung(2.0)
    vigil.hear(2.5)
    assert not vigil.is_hung(5.0)
    assert vigil.silent_s(5.0) == 2.5
    assert vigil.is_hung(5.6)


def test_who_was_held_up_himself_does_not_judge_others_by_it() -> None:
    """Control stood still for a minute (a paused machine): what the other said meanwhile is not read yet."""
    vigil = Vigil(3.0, 0.0)
    assert not vigil.is_hung(1.0)
    assert not vigil.is_hung(61.0)
    assert not vigil.is_hung(62.0)
    assert vigil.is_hung(64.5)
