"""Every fault has its place in the table."""

import api.faults
import api.problems
from api.faults import ApiFault
from api.problems import FAULTS


def test_every_fault_class_is_in_the_table() -> None:
    """A new one cannot become a 500 by oversight."""
    classes = {
        found
        for module in (api.faults, api.problems)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, ApiFault) and found is not ApiFault
    }
    assert classes <= set(FAULTS)


def test_statuses_have_titles_in_both_languages() -> None:
    """A person who reads the problem understands it."""
    assert all(" / " in api.problems._TITLES[status] for status, _ in FAULTS.values())
