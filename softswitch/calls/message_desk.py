"""Messages that callers of a flow leave: recorded, heard again by whoever spoke them, thrown away for another one.

The sound of a message is played back once its file is closed: until then the caller, who has asked for it, hears silence.
"""

from collections.abc import Callable
from pathlib import Path

from media import commands as plane_words
from softswitch.calendars.opening import local
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.flow_run import FlowRun, LeftMessage
from softswitch.calls.own_flows import VOICEMAIL
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.flows import commands as do
from softswitch.store import entries

BEEP = "tone_connect"
"""What is heard before a message is recorded."""

PROMPT = "message:"
"""What the plane calls the sound of a message while its caller hears it; its id and a number follow."""

OVERFLOW, FLOW = "overflow", "flow"
"""Why a caller comes to leave a message."""

SPOKEN_ANEW = "spoken_anew"
"""Why the file of a message is deleted."""

LATE_S = 5.0
"""A message that was to be played is over so long after its own length, whatever the plane says of it."""


class MessageDesk:
    """The messages that are recorded or looked over now."""

    def __init__(
        self, table: CallTable, recordings: RecordingDesk, folder: Path, token: Callable[[int], str]
    ) -> None:
        """`folder` is where messages are recorded; `token` gives so many random bytes as text."""
        self._table = table
        self._recordings = recordings
        self._folder = folder
        self._token = token
        self._wanted: dict[str, Callable[[], None]] = {}  # by message: what is done once its file is closed
        self._played: dict[str, str] = {}  # by playlist: the prompt that is a message

    def take(self, call: Call, run: FlowRun, order: do.TakeMessage) -> None:
        """Begin one after a tone; who has no leg says nothing."""
        table = self._table
        if call.customer is None:
            return
        now = table.clock.wall()
        call.message_id = self._token(16)
        path = self._path(call.message_id, now)
        table.chronicle.record(
            entries.VoicemailStarted(
                at=now,
                voicemail_id=call.message_id,
                call_id=call.call_id,
                box=order.box,
                caller=call.caller,
                reason=OVERFLOW if run.flow.id == VOICEMAIL else FLOW,
                flow="" if run.flow.id == VOICEMAIL else run.flow.id,
                node="" if run.flow.id == VOICEMAIL else run.state.node,
                conditions=" ".join(run.because),
            )
        )
        table.chronicle.record(
            entries.RecordingStarted(at=now, recording_id=call.message_id, call_id=call.call_id, path=path)
        )
        self._recordings.opened(call.message_id, call.call_id, path)
        table.tell_plane(
            plane_words.StartRecording(
                recording_id=call.message_id,
                call_id=call.call_id,
                path=path,
                left=(call.customer.leg_id,),
                right=(),
                silence_s=order.silence_s,
            )
        )
        table.legs.play(call.customer.leg, f"{call.call_id}:beep", (BEEP,))
        run.message = LeftMessage(
            message_id=call.message_id, path=path, began_at=now, most_until=now + order.longest_s
        )

    def resume(self, call: Call, message: LeftMessage) -> None:
        """A control that has ended began it, and the plane records it still."""
        call.message_id = message.message_id
        self._recordings.opened(message.message_id, call.call_id, message.path)

    def _path(self, message_id: str, now: float) -> str:
        return str(self._folder / local(now).date().isoformat() / f"{message_id}.wav")

    def finish(self, call: Call) -> None:
        """The caller has said everything."""
        message_id, call.message_id, call.left_message = call.message_id, "", True
        self._table.tell_plane(plane_words.StopRecording(recording_id=message_id))
        if call.flow is not None and call.flow.message is not None:
            call.flow.message.length_s = self._table.clock.wall() - call.flow.message.began_at

    # ---- the review ----------------------------------------------------------------------------------

    def play(self, call: Call, run: FlowRun, is_wanted: Callable[[], bool], over: Callable[[], None]) -> None:
        """Let the caller hear what was said, where it is still wanted once the file is closed.

        `over` is called should the plane not say that it is.
        """
        message = run.message
        if message is None:
            over()
            return

        def begin() -> None:
            if is_wanted():
                name = f"{PROMPT}{message.message_id}:{call.playlists}"
                self._table.tell_plane(plane_words.LoadPrompt(name=name, path=message.path))
                self._table.announce(call, (name,))
                self._played[call.playlist_id] = name

        run.alarm = self._table.clock.after(message.length_s + LATE_S, over)
        if message.message_id in self._recordings.open_ids:
            self._wanted[message.message_id] = begin
        else:
            begin()

    def closed(self, message_id: str) -> None:
        """A file is closed; whoever waits to hear it does now."""
        wanted = self._wanted.pop(message_id, None)
        if wanted is not None:
            wanted()

    def played(self, playlist_id: str) -> None:
        """Somebody heard a message, or no more of it: the plane need not have it any longer."""
        name = self._played.pop(playlist_id, None)
        if name is not None:
            self._table.tell_plane(plane_words.DropPrompt(name=name))

    def discard(self, call: Call, run: FlowRun) -> None:
        """The caller wants to say something else: nobody is ever shown it, and its file is deleted."""
        message, run.message, call.left_message = run.message, None, False
        if message is None:
            return
        self._wanted.pop(message.message_id, None)
        self._table.chronicle.record(
            entries.VoicemailDiscarded(
                at=self._table.clock.wall(), voicemail_id=message.message_id, call_id=call.call_id
            )
        )
        self._recordings.discard(message.message_id, call.call_id, message.path, SPOKEN_ANEW)
