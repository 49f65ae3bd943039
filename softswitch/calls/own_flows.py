"""The flows that the system has of its own: messages, callbacks, and what the emergency switch puts in front of others."""

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.business.documents import Emergency
from softswitch.flows.nodes import (
    Callback,
    Collect,
    Flow,
    HangUp,
    Menu,
    Node,
    Play,
    Queue,
    Transfer,
    Voicemail,
)

VOICEMAIL, CALLBACK, EMERGENCY = "!voicemail", "!callback", "!emergency"
"""No flow of an operator has such a name."""
EMERGENCY_RING_S: Final = 60.0
"""How long the number of the emergency switch rings before the caller goes on as usual."""

LEAVE_MESSAGE, REVIEW_MESSAGE, MESSAGE_KEPT = "leave_message", "review_message", "message_kept"
OFFER_CALLBACK, ENTER_NUMBER, CALLBACK_NOTED = "offer_callback", "enter_number", "callback_noted"


def voicemail_of(queue: str) -> Flow:
    """The flow of callers who overflow to the voicemail: each queue has a box of its own name."""
    return Flow(
        id=VOICEMAIL,
        name="语音留言 / voicemail",
        start="message",
        nodes={
            "message": Voicemail(say=(LEAVE_MESSAGE,), box=queue, review=(REVIEW_MESSAGE,), next="kept"),
            "kept": HangUp(say=(MESSAGE_KEPT,)),
        },
    )


def callback_of(queue: str) -> Flow:
    """The flow of callers who overflow to a callback: by their own number, by another one, or back into the line."""
    return Flow(
        id=CALLBACK,
        name="回呼 / callback",
        start="offer",
        nodes={
            "offer": Menu(say=(OFFER_CALLBACK,), keys={"1": "own", "2": "ask"}, repeats=0, otherwise="line"),
            "own": Callback(queue=queue, next="noted", otherwise="line"),
            "ask": Collect(
                say=(ENTER_NUMBER,), into="callback_number", least=3, next="other", otherwise="line"
            ),
            "other": Callback(queue=queue, number="{callback_number}", next="noted", otherwise="line"),
            "noted": HangUp(say=(CALLBACK_NOTED,)),
            "line": Queue(queue=queue),
        },
    )


OWN: Final[Mapping[str, Callable[[str], Flow]]] = {VOICEMAIL: voicemail_of, CALLBACK: callback_of}
"""The flows that depend on nothing but the queue, by id."""


def in_emergency(switch: Emergency, flow: Flow | None, queue: str) -> Flow | None:
    """A flow with the notice in front of it, and the number that is rung first; without a flow the queue follows.

    No node of an operator has such a name.
    """
    after = "!queue" if flow is None else flow.start
    front: dict[str, Node] = {"!queue": Queue(queue=queue)} if flow is None else {}
    if switch.number:
        front["!number"] = Transfer(to=switch.number, ring_s=EMERGENCY_RING_S, otherwise=after)
        after = "!number"
    if switch.notice:
        front["!notice"] = Play(say=switch.notice, next=after)
        after = "!notice"
    if after not in front or after == "!queue":
        return flow
    if flow is None:
        return Flow(id=EMERGENCY, name="应急通知 / emergency notice", start=after, nodes=front)
    return Flow(id=flow.id, name=flow.name, start=after, nodes={**front, **flow.nodes})
