"""What a plane was told and should still go by, so that what a cut link swallowed can be said again.  Pure."""

from dataclasses import dataclass

from media import commands, events


@dataclass(slots=True)
class _LegOrders:
    """The last order of each kind that holds until it is replaced."""

    remote: commands.SetRemote | None = None
    permission: commands.PermitSending | None = None
    hearing: commands.SetHearing | None = None
    prompts: commands.PlayPrompts | None = None


class StandingOrders:
    """The orders of one plane, by leg and by recording; forgotten when it confirms their end, or dies."""

    def __init__(self) -> None:
        """Begin with none."""
        self._legs: dict[str, _LegOrders] = {}
        self._starts: dict[str, commands.StartRecording] = {}
        self._sources: dict[str, commands.SetRecordingSources] = {}
        self._stops: dict[str, commands.StopRecording] = {}

    def note(self, command: commands.Command) -> None:
        """Take in what was ordered."""
        match command:
            case commands.SetRemote():
                self._of(command.leg_id).remote = command
            case commands.PermitSending():
                self._of(command.leg_id).permission = command
            case commands.SetHearing():
                self._of(command.leg_id).hearing = command
            case commands.PlayPrompts():
                self._of(command.leg_id).prompts = command
            case commands.StopPrompts():
                self._of(command.leg_id).prompts = None
            case commands.CloseLeg():
                self._legs.pop(command.leg_id, None)
            case commands.StartRecording():
                self._starts[command.recording_id] = command
            case commands.SetRecordingSources():
                self._sources[command.recording_id] = command
            case commands.StopRecording():
                self._starts.pop(command.recording_id, None)
                self._sources.pop(command.recording_id, None)
                self._stops[command.recording_id] = command
            case _:
                pass

    def hear(self, event: events.Event) -> None:
        """A recording that is closed needs no order any more, nor prompts that were played."""
        match event:
            case events.RecordingClosed() | events.RecordingFaulted():
                self._starts.pop(event.recording_id, None)
                if isinstance(event, events.RecordingClosed):
                    self._sources.pop(event.recording_id, None)
                    self._stops.pop(event.recording_id, None)
            case events.PlaylistFinished():
                orders = self._legs.get(event.leg_id)
                playing = None if orders is None else orders.prompts
                if orders is not None and playing is not None and playing.playlist_id == event.playlist_id:
                    orders.prompts = None
            case _:
                pass

    def clear(self) -> None:
        """The plane died, and all that it held with it."""
        self._legs.clear()
        self._starts.clear()
        self._sources.clear()
        self._stops.clear()

    def missing(
        self, legs: dict[str, events.LegHeld], recordings: dict[str, events.RecordingHeld]
    ) -> tuple[commands.Command, ...]:
        """The orders that a plane which holds these must hear again.

        It does not say where it sends to, so those orders are repeated as they are: twice is as good as once.  Prompts
        whose end it told while nobody heard are played again: better twice than never.
        """
        again: list[commands.Command] = []
        for leg_id, held in legs.items():
            orders = self._legs.get(leg_id)
            if orders is None:
                continue
            again += [order for order in (orders.remote, orders.permission) if order is not None]
            if orders.hearing is not None and orders.hearing.sources != held.hearing:
                again.append(orders.hearing)
            if orders.prompts is not None and orders.prompts.playlist_id != held.playlist_id:
                again.append(orders.prompts)
        again += [start for recording_id, start in self._starts.items() if recording_id not in recordings]
        again += [
            self._sources[recording_id]
            for recording_id in self._starts.keys() - recordings.keys()
            if recording_id in self._sources
        ]
        for recording_id in recordings:
            order = self._stops.get(recording_id) or self._sources.get(recording_id)
            if order is not None:
                again.append(order)
        for recording_id in self._stops.keys() - recordings.keys():
            del self._stops[recording_id]  # it heard of it, and what it answered was lost
        return tuple(again)

    def _of(self, leg_id: str) -> _LegOrders:
        return self._legs.setdefault(leg_id, _LegOrders())

    def __repr__(self) -> str:
        return f"<StandingOrders legs={len(self._legs)} stops={len(self._stops)}>"
