"""What is counted, read back as Prometheus reads it."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from media import events
from softswitch.operations.exposition import text_of
from softswitch.operations.measures import Measures

ROOT = Path(__file__).resolve().parents[3]


class Counted:
    """Measures, and the value of a sample of their text."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.measures = Measures(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        for family in text_string_to_metric_families(text_of(self.registry)):
            for sample in family.samples:
                if sample.name == f"hotline_{name}" and sample.labels == labels:
                    return float(sample.value)
        return None

    def with_label(self, name: str, label: str, value: str) -> list[float]:
        """The values of all samples that have this label, whatever else they have."""
        return [
            float(sample.value)
            for family in text_string_to_metric_families(text_of(self.registry))
            for sample in family.samples
            if sample.name == f"hotline_{name}" and sample.labels.get(label) == value
        ]


def test_work_that_stumbles_is_counted_by_its_name() -> None:
    counted = Counted()
    counted.measures.note_stumble("cells-rounds")
    counted.measures.note_stumble("cells-rounds")
    assert counted.value("work_stumbled_total", work="cells-rounds") == 2


def test_a_served_call_counts_its_wait_and_its_talk_once() -> None:
    counted = Counted()
    hear = counted.measures.hear
    hear("call.arrived", {"call_id": "c1", "trunk": "city"}, 100.0)
    hear("call.queued", {"call_id": "c1", "queue": "hotline"}, 101.0)
    hear("call.connected", {"call_id": "c1"}, 113.0)
    hear("call.requeued", {"call_id": "c1"}, 120.0)
    hear("call.ended", {"call_id": "c1", "ended_by": "caller", "end_reason": "completed"}, 143.0)
    assert counted.value("calls_arrived_total", trunk="city") == 1
    assert counted.value("wait_seconds_sum", queue="hotline") == 12
    assert counted.value("talk_seconds_sum") == 30
    assert counted.value("calls_requeued_total") == 1
    assert counted.value("calls_ended_total", ended_by="caller", reason="completed") == 1
    assert counted.value("abandon_seconds_count", queue="hotline") is None


def test_a_caller_who_gave_up_counts_as_abandoned() -> None:
    counted = Counted()
    counted.measures.hear("call.queued", {"call_id": "c1", "queue": "hotline"}, 101.0)
    counted.measures.hear(
        "call.ended", {"call_id": "c1", "ended_by": "caller", "end_reason": "abandoned"}, 161.0
    )
    assert counted.value("abandon_seconds_sum", queue="hotline") == 60
    assert counted.value("talk_seconds_count") == 0


def test_how_each_legs_sound_was_is_counted_at_its_end() -> None:
    counted = Counted()
    counted.measures.hear_plane(
        events.LegClosed(
            leg_id="a",
            statistics=events.LegStatistics(
                packets_received=500,
                packets_sent=510,
                packets_lost=5,
                packets_late=2,
                packets_refused=1,
                frames_concealed=6,
                jitter_ms=4.0,
                round_trip_ms=30.0,
            ),
        )
    )
    counted.measures.hear_plane(events.LegClosed(leg_id="b", statistics=events.LegStatistics()))
    assert counted.value("rtp_leg_packets_total", fate="lost") == 5
    assert counted.value("rtp_leg_packets_total", fate="received") == 500
    assert counted.value("rtp_frames_concealed_total") == 6
    assert counted.value("rtp_jitter_seconds_count") == 1
    assert counted.value("rtp_round_trip_seconds_sum") == 0.03


def test_ticks_add_up_over_reports() -> None:
    counted = Counted()
    for late in (0, 2):
        counted.measures.hear_plane(
            events.PlaneReported(
                legs=2,
                recordings=1,
                ticks=50,
                late_ticks=late,
                ticks_skipped=40 * late,
                latest_ms=3.0,
                work_p50_ms=0.5,
                work_max_ms=2.0,
                packets_received=100,
                packets_sent=100,
                send_failures=3,
            )
        )
    assert counted.value("plane_ticks_total") == 100
    assert counted.value("plane_late_ticks_total") == 2
    assert counted.value("plane_skipped_ticks_total") == 80
    assert counted.value("rtp_packets_total", direction="sent") == 200
    assert counted.value("rtp_send_failures_total") == 6


def test_processes_are_counted_by_kind_so_that_cells_are_one_series() -> None:
    counted = Counted()
    for name in ("cell 1f-1", "cell 1f-2", "plane-0"):
        counted.measures.hear("process.lost", {"process": name, "detail": ""}, 1.0)
    assert counted.value("processes_lost_total", part="cell") == 2
    assert counted.value("processes_lost_total", part="plane-0") == 1


def test_what_alerts_look_for_is_there_at_zero_before_it_happens() -> None:
    """`rate` sees no rise of a counter that appears with its first fault: the plane dies once, and nobody would be told."""
    counted = Counted()
    rules = (ROOT / "docs" / "alert_rules.yml").read_text(encoding="utf-8")
    looked_for = [
        (metric, label, value)
        for metric, label, values in re.findall(r'hotline_(\w+_total)\{(\w+)=~?"([^"]+)"\}', rules)
        for value in values.split("|")
    ]
    assert ("calls_ended_total", "reason", "media_lost") in looked_for
    for metric, label, value in looked_for:
        found = counted.with_label(metric, label, value)
        assert found, f"{metric}: {label}={value}"
        assert set(found) == {0.0}
