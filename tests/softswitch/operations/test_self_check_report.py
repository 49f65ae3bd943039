"""The report of a self-check says what failed, on one page that nothing in it can break, and is kept whole."""

import json

from softswitch.operations.self_check_report import Fact, SelfCheckReport, Step, as_html, as_text

WELL = Step(name="trunk", is_well=True, took_ms=12)
FAILED = Step(name="tone", is_well=False, took_ms=40, detail="<700 Hz>")


def report(*steps: Step) -> SelfCheckReport:
    facts = (Fact(name="disk", value="3.0 GB"), Fact(name="alarms", value="trunk_down.city", is_well=False))
    return SelfCheckReport(node="hotline", started_at=1_764_300_000.0, steps=steps, facts=facts)


def test_a_check_is_well_when_every_step_was() -> None:
    assert report(WELL).is_well
    assert not report().is_well
    failed = report(WELL, FAILED)
    assert (failed.is_well, failed.fault) == (False, "tone: <700 Hz>")


def test_it_is_kept_whole() -> None:
    made = report(WELL, FAILED)
    assert SelfCheckReport.restored(json.loads(json.dumps(made.to_record()))) == made


def test_both_pages_mark_what_failed() -> None:
    made = report(WELL, FAILED)
    assert "\nX " in as_text(made)
    assert "\n! alarms: trunk_down.city" in as_text(made)
    page = as_html(made)
    assert "&lt;700 Hz&gt;" in page
    assert "<700" not in page
