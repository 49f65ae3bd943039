"""What is counted as it happens: ends of calls, waits, ticks, and how each leg's sound was."""

from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from media import events as plane_news
from softswitch.store import entries

WAITS_S = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
TALKS_S = (5, 15, 30, 60, 120, 180, 300, 600, 1200, 3600)
JITTERS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
FATES = ("received", "sent", "lost", "late", "refused")
ROUND_TRIPS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1)


class Measures:
    """Counters and distributions since control started; names end in their unit, as Prometheus wants it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them all."""
        self._queued_at: dict[str, tuple[str, float]] = {}
        self._talking_since: dict[str, float] = {}

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"hotline_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], labels: Any = ()) -> Histogram:
            return Histogram(f"hotline_{name}", text, labels, buckets=buckets, registry=registry)

        self._arrived = counter("calls_arrived_total", "来话 / calls that came in", ("trunk",))
        self._ended = counter("calls_ended_total", "结束 / calls by end", ("ended_by", "reason"))
        self._offers = counter("offers_ended_total", "未接通的派话 / offers that came to nothing", ("cause",))
        self._requeued = counter("calls_requeued_total", "重新排队 / calls put back into the line")
        self._processes = counter("processes_lost_total", "进程死亡 / parts that died", ("part",))
        self._recordings = counter("recordings_closed_total", "录音 / recordings by state", ("state",))
        self._healed = counter("differences_healed_total", "对账修复 / differences healed", ("what",))
        self._stumbles = counter("work_stumbled_total", "内部出错 / standing work that stumbled", ("work",))
        self._wait = histogram("wait_seconds", "接通前等待 / wait until an agent", WAITS_S, ("queue",))
        self._abandon = histogram("abandon_seconds", "放弃前等待 / wait until given up", WAITS_S, ("queue",))
        self._talk = histogram("talk_seconds", "通话 / talks", TALKS_S)
        self._ticks = counter("plane_ticks_total", "媒体时钟 / ticks of the plane")
        self._late = counter("plane_late_ticks_total", "迟到的时钟 / ticks more than 10 ms late")
        self._skipped = counter("plane_skipped_ticks_total", "跳过的时钟 / ticks passed over as silence")
        self._latest = Gauge(
            "hotline_plane_worst_latest_seconds",
            "启动以来最迟的时钟 / worst start of a tick since control started",
            registry=registry,
        )
        self._latest_s = 0.0
        self._packets = counter("rtp_packets_total", "RTP 包 / RTP packets", ("direction",))
        self._send_failures = counter(
            "rtp_send_failures_total", "内核拒发的 RTP、RTCP 包 / RTP and RTCP packets that could not be sent"
        )
        self._leg_packets = counter(
            "rtp_leg_packets_total",
            "按结果的 RTP 包,腿结束时计 / RTP packets by fate, counted at the end of a leg",
            ("fate",),
        )
        self._concealed = counter("rtp_frames_concealed_total", "补偿帧 / frames concealed")
        self._jitter = histogram("rtp_jitter_seconds", "每腿抖动 / jitter of a leg", JITTERS_S)
        self._round_trip = histogram(
            "rtp_round_trip_seconds", "每腿往返 / round trip of a leg", ROUND_TRIPS_S
        )
        self._silences = counter("rtp_silences_total", "无 RTP / legs that fell silent")
        # A counter that appears with the first fault has no rise that an alert could see: it is there at 0 before.
        for ended_by, reason in product(entries.EndedBy, entries.EndReason):
            self._ended.labels(ended_by.value, reason.value)
        for fate in FATES:
            self._leg_packets.labels(fate)

    def note_stumble(self, work: str) -> None:
        """A piece of standing work failed and was begun again."""
        self._stumbles.labels(work).inc()

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says."""
        match event:
            case plane_news.PlaneReported():
                self._ticks.inc(event.ticks)
                self._late.inc(event.late_ticks)
                self._skipped.inc(max(0, event.ticks_skipped))
                self._latest_s = max(self._latest_s, event.latest_ms / 1000)
                self._latest.set(self._latest_s)
                self._packets.labels("received").inc(max(0, event.packets_received))
                self._packets.labels("sent").inc(max(0, event.packets_sent))
                self._send_failures.inc(max(0, event.send_failures))
            case plane_news.LegClosed():
                self._leg_closed(event.statistics)
            case plane_news.MediaStopped():
                self._silences.inc()
            case _:
                pass

    def _leg_closed(self, figures: plane_news.LegStatistics) -> None:
        for fate, count in (
            ("received", figures.packets_received),
            ("sent", figures.packets_sent),
            ("lost", figures.packets_lost),
            ("late", figures.packets_late),
            ("refused", figures.packets_refused),
        ):
            self._leg_packets.labels(fate).inc(max(0, count))
        self._concealed.inc(max(0, figures.frames_concealed))
        if figures.packets_received:
            self._jitter.observe(figures.jitter_ms / 1000)
        if figures.round_trip_ms is not None:
            self._round_trip.observe(figures.round_trip_ms / 1000)

    def hear(self, kind: str, data: dict[str, Any], at: float) -> None:
        """Take an event of the live stream; `at` is wall seconds."""
        call_id = str(data.get("call_id", ""))
        match kind:
            case "call.arrived":
                self._arrived.labels(data["trunk"]).inc()
            case "call.queued":
                self._queued_at.setdefault(call_id, (data["queue"], at))
            case "call.connected":
                queue, since = self._queued_at.pop(call_id, ("", at))
                if queue:
                    self._wait.labels(queue).observe(max(0.0, at - since))
                self._talking_since[call_id] = at
            case "call.requeued":
                self._requeued.inc()
            case "call.ended":
                self._call_ended(call_id, data, at)
            case "offer.ended":
                self._offers.labels(data["cause"]).inc()
            case "recording.closed":
                self._recordings.labels(data["state"]).inc()
            case "process.lost":
                self._processes.labels(str(data["process"]).partition(" ")[0]).inc()
            case "difference.healed":
                self._healed.labels(data["what"]).inc()
            case _:
                pass

    def _call_ended(self, call_id: str, data: dict[str, Any], at: float) -> None:
        self._ended.labels(data["ended_by"], data["end_reason"]).inc()
        queue, since = self._queued_at.pop(call_id, ("", at))
        if queue:
            self._abandon.labels(queue).observe(max(0.0, at - since))
        began = self._talking_since.pop(call_id, None)
        if began is not None:
            self._talk.observe(max(0.0, at - began))
