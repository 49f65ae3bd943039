"""Trunks as call control sees them: spans and their channels in use, number rules, up or down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from softswitch.settings.trunks import NumberSettings, TrunkKind, TrunkSettings
from softswitch.sip.errors import MalformedMessage
from softswitch.sip.headers import split_values
from softswitch.sip.message import NameAddr, SipUri


class AllChannelsBusy(Exception):
    """A trunk, or the span that a call came on, has no channel for another call; `limit` is how many it has."""

    def __init__(self, trunk: str, limit: int, group: str = "") -> None:
        """Keep the trunk, its span's trunk group where the call named one, and the limit."""
        super().__init__(
            f"all {limit} channels of {group or 'trunk'} {'of ' if group else ''}{trunk} are busy"
        )
        self.trunk = trunk
        self.limit = limit
        self.group = group


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStatistics:
    """One trunk now, and how many calls found all its channels busy; `spans`: channels in use of each span."""

    name: str
    in_use: int
    limit: int
    refused: int
    up: bool
    spans: tuple[int, ...]


def trunk_group_of(contact: str) -> str:
    """Return the trunk group that a call came on, from its Contact (RFC 4904 section 5.2); empty when it says none.

    `tgrp` is a parameter of the number, so it stands inside the user part: `<sip:10086;tgrp=pri1;trunk-context=g@…>`.
    Gateways that write it behind the host are understood as well.
    """
    try:
        address = NameAddr.parse(next(iter(split_values("Contact", contact)), ""))
    except MalformedMessage:
        return ""
    if not isinstance(address.uri, SipUri):
        return ""
    for parameter in (address.uri.user or "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.lower() == "tgrp":
            return value
    return address.uri.params.get("tgrp") or ""


class Trunks:
    """Channel counts of all trunks; a call seizes a channel on its arrival and frees it at its end.

    An E1 gateway has spans of so many channels each.  SIP itself does not say which of them a call came on: a
    gateway that names the trunk group (RFC 4904) has each span counted for itself, the calls of any other fill one span
    after the other.  A SIP trunk is one span.
    """

    def __init__(self, settings: Iterable[TrunkSettings]) -> None:
        """Begin with every channel free."""
        self._settings = {trunk.name: trunk for trunk in settings}
        self._in_use: dict[str, dict[str, int]] = {name: {} for name in self._settings}  # call -> its span
        self._numbers: Mapping[str, NumberSettings] = {}
        self._refused = dict.fromkeys(self._settings, 0)
        # One that wants us registered is up when it has us; any other until it turns out not to answer.
        self._up = {name: not trunk.register for name, trunk in self._settings.items()}

    def numbers_of(self, trunk: str) -> NumberSettings:
        """Return a trunk's number rules: those of the business, else those of its settings; `KeyError`."""
        return self._numbers.get(trunk) or self._settings[trunk].numbers

    def take_numbers(self, numbers: Mapping[str, NumberSettings]) -> None:
        """These are the business's number rules from now on; the calls that are there go on as they are."""
        self._numbers = numbers

    def seize(self, trunk: str, call_id: str, group: str = "") -> None:
        """Take a channel for a call, on the span of its trunk group where that is known.

        Raises `AllChannelsBusy`, which is counted.
        """
        settings = self._settings[trunk]
        users = self._in_use[trunk]
        if call_id in users:
            return
        span = self._free_span(settings, group)
        if span is None:
            self._refused[trunk] += 1
            if group in settings.span_groups:
                raise AllChannelsBusy(trunk, settings.channels_per_span, group)
            raise AllChannelsBusy(trunk, settings.channel_limit)
        users[call_id] = span

    def _free_span(self, settings: TrunkSettings, group: str) -> int | None:
        used = self._used(settings)
        room = _channels_of_span(settings)
        if group in settings.span_groups:
            span = settings.span_groups.index(group)
            return span if used[span] < room else None
        return next((span for span, busy in enumerate(used) if busy < room), None)

    def _used(self, settings: TrunkSettings) -> list[int]:
        """How many channels of each span are in use."""
        used = [0] * _spans_of(settings)
        for span in self._in_use[settings.name].values():
            used[span] += 1
        return used

    def adopt(self, trunk: str, call_id: str, group: str = "") -> None:
        """Let a call of before a restart keep its channel, even if there are fewer now or the trunk is gone."""
        settings = self._settings.get(trunk)
        if settings is not None:
            span = self._free_span(settings, group)
            if span is None:
                span = settings.span_groups.index(group) if group in settings.span_groups else 0
            self._in_use[trunk].setdefault(call_id, span)

    def has_channel(self, trunk: str) -> bool:
        """Whether the trunk answers and could carry one more call."""
        settings = self._settings[trunk]
        return self._up[trunk] and self._free_span(settings, "") is not None

    def free(self, trunk: str, call_id: str) -> None:
        """Give the call's channel back; harmless when it has none."""
        self._in_use.get(trunk, {}).pop(call_id, None)

    def holders(self) -> frozenset[str]:
        """Every call, or leg to the outside, that holds a channel of some trunk."""
        return frozenset(holder for users in self._in_use.values() for holder in users)

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
                spans=tuple(self._used(trunk)),
            )
            for name, trunk in sorted(self._settings.items())
        )


def _spans_of(settings: TrunkSettings) -> int:
    return settings.spans if settings.kind is TrunkKind.E1_GATEWAY else 1


def _channels_of_span(settings: TrunkSettings) -> int:
    return settings.channels_per_span if settings.kind is TrunkKind.E1_GATEWAY else settings.channels
