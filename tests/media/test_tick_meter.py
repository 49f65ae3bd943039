"""Figures of the tick."""

from media.tick_meter import TickMeter


def test_figures_count_lateness_and_rank_work_and_are_then_forgotten() -> None:
    """Late is more than 10 ms."""
    meter = TickMeter()
    for index in range(100):
        meter.note(0.011 if index < 2 else 0.010, (index + 1) / 1000)
    figures = meter.take()
    assert (figures.ticks, figures.late_ticks, figures.latest_ms) == (100, 2, 11.0)
    assert (figures.work_p50_ms, figures.work_p99_ms, figures.work_max_ms) == (50.0, 99.0, 100.0)
    assert meter.take().ticks == 0
