"""Which queue stands behind a number."""

from softswitch.calls.routes import Route, Routes
from softswitch.settings.routes import RouteSettings

routes = Routes(
    (
        RouteSettings(number="12345", queue="hotline"),
        RouteSettings(number="12345", queue="city", trunk="e1", greeting=""),
        RouteSettings(number="010-66668888", queue="office"),
    ),
    area_code="010",
)


def test_a_number_leads_to_its_queue_after_the_greeting() -> None:
    assert routes.find("12345", "any") == Route(queue="hotline", greeting="welcome")


def test_a_row_for_one_trunk_goes_before_a_row_for_all() -> None:
    assert routes.find("12345", "e1") == Route(queue="city", greeting="")


def test_numbers_of_the_table_are_brought_into_their_normal_form() -> None:
    found = routes.find("01066668888", "any")
    assert found is not None
    assert found.queue == "office"


def test_a_number_of_no_row_leads_nowhere() -> None:
    assert routes.find("110", "any") is None
