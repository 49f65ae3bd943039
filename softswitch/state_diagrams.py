"""`docs/states.md`: every table of transitions drawn from the table itself, so that no drawing tells another story."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acd.agent_state import ACTIVITY_TRANSITIONS, PRESENCE_TRANSITIONS
from acd.contact_state import CONTACT_TRANSITIONS
from softswitch.calls.call import CALL_TRANSITIONS
from softswitch.calls.callback import CALLBACK_TRANSITIONS
from softswitch.calls.leg import LEG_TRANSITIONS
from softswitch.calls.standing_lines import LINE_TRANSITIONS
from softswitch.campaigns.call_list import LIST_TRANSITIONS
from softswitch.campaigns.records import RECORD_TRANSITIONS
from softswitch.contacts.contact import WORK_TRANSITIONS
from softswitch.sip.dialogs import TRANSITIONS as DIALOG_TRANSITIONS
from softswitch.sip.offer_answer import TRANSITIONS as OFFER_TRANSITIONS

_HEAD = """# 状态 / States

由各张转换表生成 / made from the tables of transitions: `python -m softswitch states > docs/states.md`.
箭头上是触发者;没有名字的箭头只说可以这样走。 / An arrow has the name of its trigger; one without a name says that the way is allowed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A table: `{state: {trigger: state}}`, or `{state: {states}}`."""

    title: str
    place: str
    table: Mapping[Any, Any]


_ALL = (
    _Drawn(title="坐席:示闲示忙 / agent: presence", place="acd/agent_state.py", table=PRESENCE_TRANSITIONS),
    _Drawn(title="坐席:活动 / agent: activity", place="acd/agent_state.py", table=ACTIVITY_TRANSITIONS),
    _Drawn(title="排队的联系 / contact", place="acd/contact_state.py", table=CONTACT_TRANSITIONS),
    _Drawn(title="通话 / call", place="softswitch/calls/call.py", table=CALL_TRANSITIONS),
    _Drawn(title="腿 / leg", place="softswitch/calls/leg.py", table=LEG_TRANSITIONS),
    _Drawn(
        title="长通线路 / standing line",
        place="softswitch/calls/standing_lines.py",
        table=LINE_TRANSITIONS,
    ),
    _Drawn(title="对话 / SIP dialog", place="softswitch/sip/dialogs.py", table=DIALOG_TRANSITIONS),
    _Drawn(
        title="提议与应答 / offer and answer", place="softswitch/sip/offer_answer.py", table=OFFER_TRANSITIONS
    ),
    _Drawn(title="回呼 / callback", place="softswitch/calls/callback.py", table=CALLBACK_TRANSITIONS),
    _Drawn(
        title="其他媒体的联系 / contact without a call",
        place="softswitch/contacts/contact.py",
        table=WORK_TRANSITIONS,
    ),
    _Drawn(title="外呼名单 / call list", place="softswitch/campaigns/call_list.py", table=LIST_TRANSITIONS),
    _Drawn(
        title="名单中的号码 / number of a list",
        place="softswitch/campaigns/records.py",
        table=RECORD_TRANSITIONS,
    ),
)


def _ways(table: Mapping[Any, Any]) -> Iterator[tuple[str, str, str]]:
    """From, to and by what, in the order of the table; states without an order by name."""
    for state, following in table.items():
        if isinstance(following, Mapping):
            yield from ((str(state), str(after), str(by)) for by, after in following.items())
        else:
            yield from ((str(state), after, "") for after in sorted(str(after) for after in following))


def _drawing(drawn: _Drawn) -> Iterator[str]:
    yield f"\n## {drawn.title}\n\n`{drawn.place}`\n\n```mermaid\nstateDiagram-v2\n"
    yield f"  [*] --> {next(iter(drawn.table))}\n"
    together: dict[tuple[str, str], list[str]] = {}
    for before, after, by in _ways(drawn.table):
        together.setdefault((before, after), []).append(by)
    for (before, after), names in together.items():
        label = ", ".join(filter(None, names))
        yield f"  {before} --> {after}{f': {label}' if label else ''}\n"
    for state, following in drawn.table.items():
        if not following:
            yield f"  {state} --> [*]\n"
    yield "```\n"


def state_diagrams() -> str:
    """The whole page."""
    return _HEAD + "".join(line for drawn in _ALL for line in _drawing(drawn))
