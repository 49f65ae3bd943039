"""The benches of the distributor, in small: what they play is what they say, and every figure is there."""

from pathlib import Path

from acd.engine import Engine
from acd.events import ContactEnded, OfferAccepted
from bench.bench_acd import event_times_us, floor, rate, seconds_of
from bench.bench_growth import Floor, costs, draw


def test_every_call_that_comes_is_served_and_ends() -> None:
    """A lifecycle is a whole one."""
    told = floor(5, 10, 100, load=0.9)
    assert sum(type(event) is ContactEnded for event, _ in told) == 100
    engine = Engine()
    assert seconds_of(told, engine) > 0
    assert engine.statistics().tally.ended == 100
    assert rate(told, 2.0) == 50.0


def test_the_line_is_as_long_as_it_says() -> None:
    """About so many wait while events are timed."""
    told = floor(5, 10, 200, load=1.0, at_once=40)
    engine, waiting = Engine(), []
    for event, now in told:
        engine.handle(event, now)
        if type(event) is OfferAccepted:
            waiting.append(sum(queue.waiting for queue in engine.statistics().queues))
    middle = waiting[: len(waiting) * 3 // 4]
    assert 10 < min(middle) <= max(middle) < 50
    assert len(event_times_us(told)) > 200


def test_growth_is_measured_at_its_sizes_and_drawn(tmp_path: Path) -> None:
    """As many wait, and as many agents are free, as the curve says."""
    for size in (50, 300):
        crowded = Floor(agents=20, waiting=size)
        crowded.decide_by_agents(20)
        assert sum(queue.waiting for queue in crowded._engine.statistics().queues) == size
        assert len(crowded.times_us) == 20
    calm = Floor(agents=30, waiting=0)
    calm.decide_by_callers(10)
    assert len(calm.times_us) == 10
    curve = costs((10, 20), 50, lambda size: Floor(size, 0), Floor.decide_by_callers)
    assert list(curve) == [10, 20]
    assert all(0 < middle <= most for middle, most in curve.values())
    draw(tmp_path / "pictures" / "growth.svg", {"agents": curve, "others": curve})
    assert "<svg" in (tmp_path / "pictures" / "growth.svg").read_text(encoding="utf-8")
