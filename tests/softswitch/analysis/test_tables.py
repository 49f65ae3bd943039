"""Tables stand straight."""

from softswitch.analysis.tables import percent, seconds, table


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    """A Chinese sign counts for two cells; figures stand to the right."""
    assert table(("队列", "n"), [("main", "7"), ("热线一号", "256")]) == (
        "队列        n\nmain        7\n热线一号  256\n"
    )


def test_figures_that_are_not_there_are_dashes() -> None:
    """Nobody was answered: there is no mean wait, and none is made up."""
    assert (percent(None), seconds(None)) == ("-", "-")
    assert (percent(0.83016, 2), seconds(9.28)) == ("83.02 %", "9.3 s")
