"""Trunks as call control sees them: channels in use, number rules, up or down."""

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.settings import TrunkSettings


class AllChannelsBusy(Exception):
    """A trunk has no channel for another call; `limit` is how many it has."""

    def __init__(self, trunk: str, limit: int) -> None:
        """Keep the trunk and its limit."""
        super().__init__(f"all {limit} channels of trunk {trunk} are busy")
        self.trunk = trunk
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStatistics:
    """One trunk now, and how many calls found all its channels busy."""

    name: str
    in_use: int
    limit: int
    refused: int
    up: bool


class Trunks:
    """Channel counts of all trunks; a call seizes a channel on its arrival and frees it at its end."""

    def __init__(self, settings: Iterable[TrunkSettings]) -> None:
        """Begin with every channel free."""
        self._settings = {trunk.name: trunk for trunk in settings}
        self._in_use: dict[str, set[str]] = {name: set() for name in self._settings}
        self._refused = dict.fromkeys(self._settings, 0)
        # One that wants us registered is up when it has us; any other until it turns out not to answer.
        self._up = {name: not trunk.register for name, trunk in self._settings.items()}

    def settings_of(self, trunk: str) -> TrunkSettings:
        """Return a trunk's settings; `KeyError` for one that is not configured."""
        return self._settings[trunk]

    def seize(self, trunk: str, call_id: str) -> None:
        """Take a channel for a call; `AllChannelsBusy` is counted."""
        limit = self._settings[trunk].channel_limit
        users = self._in_use[trunk]
        if len(users) >= limit and call_id not in users:
            self._refused[trunk] += 1
            raise AllChannelsBusy(trunk, limit)
        users.add(call_id)

    def adopt(self, trunk: str, call_id: str) -> None:
        """Let a call of before a restart keep its channel, even if there are fewer now or the trunk is gone."""
        users = self._in_use.get(trunk)
        if users is not None:
            users.add(call_id)

    def free(self, trunk: str, call_id: str) -> None:
        """Give the call's channel back; harmless when it has none."""
        self._in_use.get(trunk, set()).discard(call_id)

    def set_up(self, trunk: str, up: bool) -> None:
        """Keep whether a trunk answers."""
        if trunk in self._up:
            self._up[trunk] = up

    def statistics(self) -> tuple[TrunkStatistics, ...]:
        """Return every trunk's figures, by name."""
        return tuple(
            TrunkStatistics(
                name=name,
                in_use=len(self._in_use[name]),
                limit=trunk.channel_limit,
                refused=self._refused[name],
                up=self._up[name],
            )
            for name, trunk in sorted(self._settings.items())
        )
