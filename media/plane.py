"""The media plane: every leg's sound in one 20 ms tick.

`execute` carries out commands at once, `tick` does the sound, `take_events` tells what happened.  Time is an
argument (monotonic seconds); ticks lie on an absolute grid that begins with the first `tick`.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from media import commands as order
from media import events as news
from media import rtcp
from media.arrivals import COMFORT_NOISE_TYPE, NO_PAYLOAD_TYPE, Arrivals
from media.digits import DigitReceiver, DigitSender, Pressed, are_digits
from media.g711 import FRAME_SAMPLES, LAWS, SAMPLE_RATE_HZ, Linear
from media.jitter import JitterBuffers
from media.legs import NULL_ADDRESSES, AddressNotAllowed, Leg, LegTable, canonical, parse_networks
from media.mixing import Mixer, UnknownMusic
from media.packets import Batch, NoPorts, PacketExchange, PortRange
from media.peers import Peers
from media.playlists import Playlists, UnknownPrompt
from media.progress import ProgressReceiver
from media.prompt_loader import PromptLoader
from media.recordings import RecordingDesk, RecordingWriter
from media.reports import ControlReports
from media.secrecy import Seal, UnusableKey
from media.sending import Senders
from media.silence import TICK_S, SilenceWatch
from media.steady_time import SteadyTime
from media.tones import ToneReceiver

__all__ = ["TICK_S", "Plane"]

CATCH_UP_TICKS: Final = 10  # further behind, the time is skipped in silence
SKIP_MOST_TICKS: Final = 30_000  # ten minutes
SILENCE_CHECK_TICKS: Final = 50
MS_PER_SAMPLE: Final = 1000 / SAMPLE_RATE_HZ


class Plane:
    """All legs of one process."""

    def __init__(
        self,
        *,
        max_legs: int,
        ports: PortRange,
        prompts: Playlists,
        music: dict[str, Linear],
        recordings: RecordingWriter,
        max_recordings: int | None = None,
        silence_alarm_s: float = 30.0,
        rtp_timeout_s: float = 0.0,
        hold_timeout_s: float = 0.0,
        jitter_min_ms: int = 20,
        jitter_max_ms: int = 120,
        wall: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        """`wall` is the kernel's clock, seconds since 1970; `seed` makes SSRCs repeatable in tests."""
        rng = np.random.default_rng(seed)
        room = max_legs if max_recordings is None else max_recordings
        self._ports = ports
        self._steady_time = SteadyTime(wall)
        self._legs = LegTable(max_legs)
        self._exchange = PacketExchange(max_legs)
        self._jitter = JitterBuffers(max_legs, min_delay_ms=jitter_min_ms, max_delay_ms=jitter_max_ms)
        self._arrivals = Arrivals(max_legs, self._jitter)
        self._silence = SilenceWatch(
            self._arrivals,
            alarm_s=silence_alarm_s,
            rtp_timeout_s=rtp_timeout_s,
            hold_timeout_s=hold_timeout_s,
        )
        self._peers = Peers(self._exchange, self._arrivals)
        self._mixer = Mixer(max_legs, 2 * room, music)
        self._playlists = prompts
        self._loader = PromptLoader(prompts)
        self._plays_later: dict[str, order.PlayPrompts] = {}  # by leg: a prompt of it is being read
        self._senders = Senders(max_legs, self._exchange, rng)
        self._reports = ControlReports(max_legs, self._senders, self._arrivals, rng)
        self._desk = RecordingDesk(room, self._mixer, max_legs, recordings)
        self._noise = rng.normal(0.0, 1.0, (64, FRAME_SAMPLES)).astype(np.float32)
        self._digits_in: dict[int, DigitReceiver] = {}
        self._digits_out: dict[int, DigitSender] = {}
        self._tones_in = ToneReceiver(max_legs)
        self._progress = ProgressReceiver(max_legs)
        self._tonal: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._events: list[news.Event] = []
        self._origin: float | None = None
        self._ticks = 0
        self._slots: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._deaf: npt.NDArray[np.int64] = self._slots
        self.packets_received = 0
        self.packets_sent = 0
        self.ticks_skipped = 0
        self._handlers: Final[dict[type, Callable[[Any, float], None]]] = {
            order.OpenLeg: self._open_leg,
            order.SetRemote: self._set_remote,
            order.PermitSending: self._permit_sending,
            order.SetHearing: self._set_hearing,
            order.PlayPrompts: self._play_prompts,
            order.StopPrompts: self._stop_prompts,
            order.LoadPrompt: lambda command, now: self._loader.load(command.name, command.path),
            order.DropPrompt: lambda command, now: self._loader.drop(command.name),
            order.SendDigits: self._send_digits,
            order.HearProgress: self._hear_progress,
            order.StartRecording: self._start_recording,
            order.SetRecordingSources: self._set_recording_sources,
            order.StopRecording: self._stop_recording,
            order.CloseLeg: self._close_leg,
            order.ReportState: self._report_state,
            order.ListHoldings: self._list_holdings,
        }

    def __repr__(self) -> str:
        return f"<Plane legs={len(self._legs)} recordings={len(self._desk)} ticks={self._ticks}>"

    def call_of(self, leg_id: str) -> str:
        """The call that a leg was opened for, "" when it is not open."""
        leg = self._legs.get(leg_id)
        return "" if leg is None else leg.call_id

    @property
    def legs(self) -> int:
        """Legs that are open."""
        return len(self._legs)

    @property
    def send_failures(self) -> int:
        """Packets, RTP and RTCP, that the kernel refused to send."""
        return self._exchange.send_failures

    @property
    def recordings(self) -> int:
        """Recordings that run."""
        return len(self._desk)

    def next_tick_at(self, now: float) -> float:
        """When the next tick is due; `now` if none has been yet."""
        return now if self._origin is None else self._origin + self._ticks * TICK_S

    def take_events(self) -> list[news.Event]:
        """What happened since the last call."""
        self._events += self._desk.take_events()
        taken, self._events = self._events, []
        return taken

    def close(self) -> None:
        """Close every socket; recordings end as if stopped."""
        for held in list(self._desk.writer.held()):
            if held.recording_id in self._desk:
                self._desk.stop(held.recording_id)
        self._exchange.close()

    # -- commands

    def execute(self, command: order.Command, now: float) -> None:
        """Carry out one command at once.  What cannot be done is told by an event, never raised."""
        self._handlers[type(command)](command, now)

    def _refuse(self, leg_id: str, code: str, detail: str) -> None:
        self._events.append(news.LegRefused(leg_id=leg_id, code=code, detail=detail))

    def _find(self, leg_id: str) -> Leg | None:
        leg = self._legs.get(leg_id)
        if leg is None:
            self._refuse(leg_id, "unknown_leg", "no such leg is open")
        return leg

    def _open_leg(self, command: order.OpenLeg, now: float) -> None:
        if command.leg_id in self._legs:
            self._refuse(command.leg_id, "leg_exists", "a leg of this id is open")
            return
        if self._legs.is_full:
            self._refuse(command.leg_id, "no_room", f"all {self._legs.limit} legs are in use")
            return
        try:
            parse_networks(command.networks)
            sockets = self._ports.bind(command.local_address)
        except NoPorts as fault:
            self._refuse(command.leg_id, "no_ports", str(fault))
            return
        except ValueError as fault:
            self._refuse(command.leg_id, "invalid_address", str(fault))
            return
        leg = self._legs.open(command, sockets.address, sockets.port)
        slot = leg.slot
        self._exchange.join(slot, sockets)
        self._arrivals.reset(slot)
        self._senders.open(slot)
        self._reports.open(slot, self._ticks)
        self._digits_in[slot] = DigitReceiver()
        self._tones_in.reset(slot)
        leg.waiting_since = self._ticks
        self._mixer.add_voice(leg.leg_id, slot)
        self._mixer.set_hearing(slot, leg.law, ())
        self._replan()
        self._events.append(news.LegOpened(leg_id=leg.leg_id, address=leg.address, port=leg.port))

    def _replan(self) -> None:
        """The arrays of slots after legs or directions changed."""
        self._slots = np.array(self._legs.slots, dtype=np.int64)
        deaf = [leg.slot for leg in self._legs if not leg.may_receive]
        self._deaf = np.array(deaf, dtype=np.int64)
        # Who sends telephone events presses no keys by sound: what is heard there is somebody's television.
        tonal = [leg.slot for leg in self._legs if leg.may_receive and leg.event_payload_type is None]
        self._tonal = np.array(tonal, dtype=np.int64)

    def _set_remote(self, command: order.SetRemote, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is None:
            return
        on_hold = command.address in NULL_ADDRESSES
        remote, waiting = (canonical(command.address), command.port), list[Batch]()
        former = self._exchange.seal_of(leg.slot)
        if not self._seal(leg, command.secrecy, former):
            return
        if not on_hold and remote != leg.remote:
            try:
                waiting = self._peers.move_to(leg, remote)
            except AddressNotAllowed as fault:
                self._exchange.seal(leg.slot, former)
                self._refuse(leg.leg_id, "address_not_allowed", str(fault))
                return
            except OSError as fault:
                self._exchange.seal(leg.slot, former)
                self._refuse(leg.leg_id, "unreachable", f"{command.address}:{command.port}: {fault}")
                return
        slot = leg.slot
        law = LAWS[command.codec]
        arrivals = self._arrivals
        arrivals.law[slot] = law
        arrivals.audio_type[slot] = command.payload_type
        events, noise = command.dtmf_payload_type, command.comfort_noise_payload_type
        arrivals.event_type[slot] = NO_PAYLOAD_TYPE if events is None else events
        arrivals.noise_type[slot] = COMFORT_NOISE_TYPE if noise is None else noise
        self._senders.set_format(slot, command.payload_type, command.ptime_ms)
        leg.event_payload_type = events
        directions = (command.may_send and not on_hold, command.may_receive)
        if directions != (leg.may_send, leg.may_receive):
            leg.waiting_since = self._ticks
        leg.may_send, leg.may_receive = directions
        if law != leg.law:
            leg.law = law
            self._mixer.set_hearing(slot, law, leg.hearing, prompt_slot=slot)
        for batch in waiting:
            self._take_batch(batch)
        self._update_sending(leg)
        self._replan()

    def _seal(self, leg: Leg, secrecy: order.Secrecy | None, former: Seal | None) -> bool:
        """Encrypt a leg as its SDP says; False when the keys cannot be used: then nothing is changed."""
        if secrecy == (None if former is None else former.secrecy):
            return True
        try:
            self._exchange.seal(leg.slot, None if secrecy is None else Seal(secrecy, former))
        except UnusableKey as fault:
            self._refuse(leg.leg_id, "unusable_key", str(fault))
            return False
        return True

    def _permit_sending(self, command: order.PermitSending, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is not None and not leg.permitted:
            leg.permitted = True
            leg.waiting_since = self._ticks
            self._update_sending(leg)

    def _update_sending(self, leg: Leg) -> None:
        self._senders.permit(leg.slot, leg.is_sending)

    def _set_hearing(self, command: order.SetHearing, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is None:
            return
        try:
            self._mixer.set_hearing(leg.slot, leg.law, command.sources, prompt_slot=leg.slot)
        except UnknownMusic as fault:
            self._refuse(leg.leg_id, "unknown_music", str(fault))
            return
        leg.hearing = command.sources

    def _play_prompts(self, command: order.PlayPrompts, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is None:
            return
        self._give_up_waiting(leg)
        if self._loader.is_reading(command.prompts):
            self._plays_later[leg.leg_id] = command
            return
        try:
            replaced = self._playlists.start(leg.slot, command.playlist_id, command.prompts)
        except UnknownPrompt as fault:
            self._refuse(leg.leg_id, "unknown_prompt", str(fault))
            self._playlist_finished(leg, command.playlist_id, completed=False)
            return
        if replaced is not None:
            self._playlist_finished(leg, replaced, completed=False)

    def _stop_prompts(self, command: order.StopPrompts, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is not None:
            self._give_up_waiting(leg)
            self._silence_prompts(leg)

    def _give_up_waiting(self, leg: Leg) -> None:
        """What waits for a prompt that is being read is replaced or stopped."""
        later = self._plays_later.pop(leg.leg_id, None)
        if later is not None:
            self._playlist_finished(leg, later.playlist_id, completed=False)

    def _play_what_is_read(self, now: float) -> None:
        for command in list(self._plays_later.values()):
            if not self._loader.is_reading(command.prompts):
                del self._plays_later[command.leg_id]
                self._play_prompts(command, now)

    def _silence_prompts(self, leg: Leg) -> None:
        stopped = self._playlists.stop(leg.slot)
        self._playlists.silence(leg.slot, self._mixer)
        if stopped is not None:
            self._playlist_finished(leg, stopped, completed=False)

    def _playlist_finished(self, leg: Leg, playlist_id: str, *, completed: bool) -> None:
        self._events.append(
            news.PlaylistFinished(leg_id=leg.leg_id, playlist_id=playlist_id, completed=completed)
        )

    def _send_digits(self, command: order.SendDigits, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is None:
            return
        if not are_digits(command.digits):
            self._refuse(leg.leg_id, "invalid_digits", f"not all of {command.digits!r} are DTMF keys")
            return
        if leg.event_payload_type is None:
            self._refuse(leg.leg_id, "no_telephone_event", "the far end takes no RFC 4733 events")
            return
        self._digits_out.setdefault(leg.slot, DigitSender()).add(command.digits, command.duration_ms)

    def _hear_progress(self, command: order.HearProgress, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is not None and command.listens:
            self._progress.ask(leg.slot)
        elif leg is not None:
            self._progress.forget(leg.slot)

    def _start_recording(self, command: order.StartRecording, now: float) -> None:
        fault = ""
        if command.recording_id in self._desk:
            fault = "recording_exists"
        elif self._desk.is_full:
            fault = "no_room"
        if fault:
            self._events.append(news.RecordingFaulted(recording_id=command.recording_id, fault=fault))
        else:
            self._desk.start(command, now)

    def _set_recording_sources(self, command: order.SetRecordingSources, now: float) -> None:
        if command.recording_id in self._desk:
            self._desk.set_sources(command.recording_id, command.left, command.right)
        else:
            self._unknown_recording(command.recording_id)

    def _stop_recording(self, command: order.StopRecording, now: float) -> None:
        if command.recording_id in self._desk:
            self._desk.stop(command.recording_id)
        else:
            self._unknown_recording(command.recording_id)

    def _unknown_recording(self, recording_id: str) -> None:
        self._events.append(news.RecordingFaulted(recording_id=recording_id, fault="unknown_recording"))

    def _close_leg(self, command: order.CloseLeg, now: float) -> None:
        leg = self._find(command.leg_id)
        if leg is None:
            return
        slot = leg.slot
        statistics = self._statistics(leg)
        self._give_up_waiting(leg)
        self._silence_prompts(leg)
        goodbye = self._reports.close(slot)
        if leg.is_sending and leg.report_to is not None and statistics.packets_sent:
            self._exchange.send_control(slot, goodbye, leg.report_to)
        self._senders.close(slot)
        self._mixer.remove_listener(slot)
        self._mixer.remove_voice(leg.leg_id)
        self._exchange.leave(slot)
        self._arrivals.reset(slot)
        self._digits_in.pop(slot, None)
        self._digits_out.pop(slot, None)
        self._progress.forget(slot)
        self._legs.close(leg)
        self._replan()
        self._events.append(news.LegClosed(leg_id=leg.leg_id, statistics=statistics))

    def _report_state(self, command: order.ReportState, now: float) -> None:
        for leg in self._legs:
            self._events.append(
                news.LegHeld(
                    leg_id=leg.leg_id,
                    call_id=leg.call_id,
                    address=leg.address,
                    port=leg.port,
                    hearing=leg.hearing,
                    statistics=self._statistics(leg),
                    playlist_id=self._playlists.playing(leg.slot),
                )
            )
        self._events += self._desk.writer.held()
        self._events.append(news.StateReported(legs=len(self._legs), recordings=len(self._desk)))

    def _list_holdings(self, command: order.ListHoldings, now: float) -> None:
        legs = tuple(leg.leg_id for leg in self._legs)
        held = {one.recording_id: one.call_id for one in self._desk.writer.held()}
        running = tuple((name, call) for name, call in held.items() if name in self._desk)
        finishing = tuple(name for name in held if name not in self._desk)
        self._events.append(news.HoldingsListed(legs=legs, recordings=running, finishing=finishing))

    def _statistics(self, leg: Leg) -> news.LegStatistics:
        slot, arrivals = leg.slot, self._arrivals
        return news.LegStatistics(
            packets_received=int(arrivals.received[slot]),
            packets_sent=int(self._senders.packets[slot]),
            packets_lost=arrivals.lost(slot),
            packets_late=int(self._jitter.late[slot]),
            packets_refused=int(arrivals.refused[slot]),
            frames_concealed=int(self._jitter.concealed[slot]),
            jitter_ms=round(float(arrivals.jitter_samples[slot]) * MS_PER_SAMPLE, 3),
            buffer_delay_ms=round(self._jitter.delay_ms(slot), 3),
            round_trip_ms=self._reports.round_trip_ms(slot),
        )

    # -- the tick

    def tick(self, now: float) -> None:
        """Do every tick that is due by now; far behind, the missed time passes as silence."""
        if self._origin is None:
            self._origin = now
        due = int((now - self._origin) / TICK_S + 1e-6) + 1 - self._ticks
        if due > CATCH_UP_TICKS:
            self._skip(min(due - 1, SKIP_MOST_TICKS), due - 1)
            due = 1
        for _ in range(due):
            self._one_tick(now)

    def _skip(self, silent: int, ticks: int) -> None:
        """Pass over missed ticks: what arrived meanwhile is stale, what is recorded of them is silence."""
        while batches := self._exchange.receive():
            for batch in batches:
                self._take_batch(batch)
        self._jitter.restart_all()
        self._senders.skip(ticks)
        self._desk.write_silence(silent)
        self._ticks += ticks
        self.ticks_skipped += ticks

    def _one_tick(self, now: float) -> None:
        tick = self._ticks
        self._ticks = tick + 1
        for batch in self._exchange.receive():
            self._take_batch(batch)
        self._take_others(now)
        self._take_news(tick)
        for path, reason in self._loader.take_in():
            self._refuse("", "unusable_prompt", f"{path}: {reason}")
        if self._plays_later:
            self._play_what_is_read(now)
        if self._slots.size:
            self._take_sound(tick)
            for slot, playlist_id in self._playlists.advance(self._mixer):
                leg = self._legs.at(slot)
                if leg is not None:
                    self._playlist_finished(leg, playlist_id, completed=True)
        self._mixer.mix()
        if self._digits_out:
            self._send_events()
        self.packets_sent += self._senders.send(self._mixer.codes, self._mixer.code_row)
        self._desk.write()
        self._send_reports(tick, now)
        if tick % SILENCE_CHECK_TICKS == 0:
            self._events += self._silence.check(self._legs, tick)

    def _take_batch(self, batch: Batch) -> None:
        self.packets_received += len(batch.lengths)
        self._arrivals.take(batch, self._ticks)

    def _take_others(self, now: float) -> None:
        """RTCP from where RTP comes from, and strangers, of whom one may be a phone behind NAT."""
        for is_control, datagram in self._exchange.receive_others():
            leg = self._legs.at(datagram.slot)
            if leg is None:
                continue
            if not is_control:
                for batch in self._peers.take_stranger(leg, datagram):
                    self._take_batch(batch)
                self._update_sending(leg)
                continue
            try:
                if leg.peer is None or datagram.source[0] != leg.peer[0]:
                    self._arrivals.refused[leg.slot] += 1
                else:
                    arrived_s = self._steady_time.arrived(datagram.received_at_s, now)
                    self._reports.receive(leg.slot, datagram.data, arrived_s)
                    leg.reported_at = self._ticks
            except rtcp.MalformedReport:
                self._arrivals.refused[leg.slot] += 1

    def _take_news(self, tick: int) -> None:
        """First packets and telephone events of this tick."""
        arrivals = self._arrivals
        if arrivals.first_heard:
            for slot in arrivals.first_heard:
                self._first_heard(slot)
            arrivals.first_heard.clear()
        for event in arrivals.events:
            receiver = self._digits_in[event.slot]
            self._pressed(event.slot, receiver.receive(event.payload, event.timestamp, tick))
        arrivals.events.clear()
        if tick % 5 == 0:
            for slot, receiver in self._digits_in.items():
                if receiver.is_open:
                    self._pressed(slot, receiver.expire(tick))

    def _first_heard(self, slot: int) -> None:
        leg = self._legs.at(slot)
        if leg is None or leg.peer is None:
            return
        leg.locked = True
        if leg.peer == leg.remote and not leg.permitted:
            leg.permitted = True
            self._update_sending(leg)
        if not leg.media_started:
            leg.media_started = True
            self._events.append(news.MediaStarted(leg_id=leg.leg_id))

    def _pressed(self, slot: int, keys: list[Pressed]) -> None:
        leg = self._legs.at(slot)
        if leg is not None:
            self._events += [
                news.DigitReceived(leg_id=leg.leg_id, digit=key.digit, duration_ms=key.duration_ms)
                for key in keys
            ]

    def _take_sound(self, tick: int) -> None:
        """One frame of every leg into the mixer's voice rows."""
        slots, sounds, base = self._slots, self._mixer.sounds, self._mixer.voice_base
        quiet = self._arrivals.quiet[slots]
        self._jitter.take(slots, quiet, sounds, base, tick)
        if quiet.any():
            noisy = slots[
                quiet & (self._arrivals.noise_dbov[slots] >= 0) & (self._jitter.missing_run[slots] > 0)
            ]
            if noisy.size:
                level = 32768 * 10.0 ** (-self._arrivals.noise_dbov[noisy] / 20)
                noise = self._noise[(noisy * 7 + tick) % len(self._noise)] * level[:, np.newaxis]
                sounds[base + noisy] = np.clip(noise, -32000, 32000)
        if self._deaf.size:
            sounds[base + self._deaf] = 0
        if self._tonal.size:
            for slot, key in self._tones_in.hear(self._tonal, sounds[base + self._tonal]):
                self._pressed(slot, [key])
        if self._progress.slots.size:
            for slot, progress in self._progress.hear(sounds[base + self._progress.slots]):
                leg = self._legs.at(slot)
                if leg is not None:
                    self._events.append(news.ProgressHeard(leg_id=leg.leg_id, progress=progress))

    def _send_events(self) -> None:
        """One telephone-event packet of every leg that has digits to send."""
        for slot, sender in list(self._digits_out.items()):
            leg = self._legs.at(slot)
            if leg is None or not leg.is_sending or leg.event_payload_type is None:
                continue
            packet = sender.next_packet(int(self._senders.timestamp[slot]))
            self._senders.interrupt(slot, packet is not None)
            if packet is not None:
                self._senders.send_event(
                    slot,
                    leg.event_payload_type,
                    packet.payload,
                    marker=packet.marker,
                    timestamp=packet.timestamp,
                )
                self.packets_sent += 1
            elif sender.is_idle:
                del self._digits_out[slot]

    def _send_reports(self, tick: int, now: float) -> None:
        for slot in self._reports.due(tick):
            leg = self._legs.at(slot)
            if leg is not None and leg.permitted and leg.report_to is not None:
                report = self._reports.compose(slot, self._steady_time.at(now))
                self._exchange.send_control(slot, report, leg.report_to)
