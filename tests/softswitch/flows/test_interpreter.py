"""A flow for one caller: what is said and done for each key, silence, hang-up; and any key at any time, anywhere."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.flows import commands as do
from softswitch.flows import events as told
from softswitch.flows.check import Surroundings, flow_faults
from softswitch.flows.commands import FlowCommand
from softswitch.flows.events import FlowEvent
from softswitch.flows.interpreter import FlowState, Phase, begin, resume, step
from softswitch.flows.nodes import FACTS, NODES, Flow
from softswitch.flows.reading import read_flow

CALLER = {"caller": "+8651012345678", "called": "12345", "trunk": "city", "region": "east"}
END = {"type": "hang_up", "say": ["goodbye"]}


class World:
    """Facts by name and `of`."""

    def __init__(self, facts: Mapping[tuple[str, str], bool | float | str] | None = None) -> None:
        self.facts = facts or {}

    def fact(self, name: str, of: str) -> bool | float | str:
        return self.facts.get((name, of), False)


class Caller:
    """One caller in one flow; `heard` and `done` of the last step."""

    def __init__(self, start: str, facts: World | None = None, **nodes: Any) -> None:
        flow, faults = read_flow({"id": "f", "start": start, "nodes": nodes})
        assert flow is not None, faults
        self.flow: Flow = flow
        self.facts = facts or World()
        self.state, self.done = begin(flow, self.facts, CALLER)

    def hear(self, event: FlowEvent) -> tuple[FlowCommand, ...]:
        self.state, self.done = step(self.flow, self.state, event, self.facts)
        return self.done

    def press(self, keys: str) -> tuple[FlowCommand, ...]:
        return tuple(command for key in keys for command in self.hear(told.DigitPressed(digit=key)))

    def listen(self) -> tuple[FlowCommand, ...]:
        return self.hear(told.SayingFinished(number=self.state.number))

    def wait(self) -> tuple[FlowCommand, ...]:
        return self.hear(told.TimeElapsed(number=self.state.number))


MENU: dict[str, Any] = {
    "type": "menu",
    "say": ["menu"],
    "invalid": ["wrong"],
    "keys": {"1": "q", "9": "m"},
    "repeats": 1,
    "otherwise": "e",
}
QUEUE: dict[str, Any] = {"type": "queue", "queue": "general"}


def menu() -> Caller:
    """A menu, a queue and an end."""
    return Caller("m", m=MENU, q=QUEUE, e=END)


def test_a_key_in_the_middle_of_a_menu_silences_it_and_leads_on() -> None:
    caller = menu()
    assert caller.done == (do.Say(number=1, prompts=("menu",)),)
    assert caller.press("1") == (do.StopSaying(), do.JoinQueue(queue="general", level=0))
    assert caller.state.phase is Phase.QUEUED


def test_a_menu_waits_says_it_again_and_goes_on_without_a_key() -> None:
    caller = menu()
    assert caller.listen() == (do.StartTimer(number=2, seconds=5.0),)
    assert caller.wait() == (do.Say(number=3, prompts=("menu",)),)
    caller.listen()
    assert caller.wait() == (do.Say(number=5, prompts=("goodbye",)),)
    assert caller.listen() == (do.EndCall(),)
    assert caller.state.phase is Phase.ENDED


def test_a_key_that_means_nothing_is_told_and_counts_as_a_try() -> None:
    caller = menu()
    assert caller.press("5") == (do.StopSaying(), do.Say(number=2, prompts=("wrong", "menu")))
    assert caller.press("5")[-1] == do.Say(number=3, prompts=("goodbye",))


def test_a_key_that_leads_back_begins_the_menu_with_all_its_tries() -> None:
    caller = menu()
    caller.press("5")
    assert caller.press("9")[-1] == do.Say(number=3, prompts=("menu",))
    assert caller.press("5")[-1] == do.Say(number=4, prompts=("wrong", "menu"))


def collecting(**more: Any) -> Caller:
    """Asks for an order of 2 to 4 digits and reads it back."""
    ask = {"type": "collect", "say": ["ask"], "into": "order", "least": 2, "most": 4, "repeats": 1}
    return Caller(
        "c",
        c=ask | {"next": "p", "otherwise": "e"} | more,
        p={"type": "play", "say": ["digits:{order}", "number:{order}"], "next": "e"},
        e=END,
    )


@pytest.mark.parametrize(("keys", "order"), [("12#", "12"), ("1234", "1234"), ("1*2#", "12")])
def test_digits_are_collected_to_the_terminator_or_the_longest_length(keys: str, order: str) -> None:
    caller = collecting()
    assert do.AttachData(name="order", value=order) in caller.press(keys)
    assert caller.state.data["order"] == order


def test_silence_after_enough_digits_is_an_end_and_after_too_few_another_try() -> None:
    caller = collecting()
    assert caller.press("12") == (
        do.StopSaying(),
        do.StartTimer(number=2, seconds=4.0),
        do.StartTimer(number=3, seconds=4.0),
    )
    assert do.AttachData(name="order", value="12") in caller.wait()
    again = collecting()
    assert again.press("1#")[-1] == do.Say(number=3, prompts=("ask",))
    assert again.press("#")[-1] == do.Say(number=4, prompts=("goodbye",))


def test_a_collected_number_is_read_back_in_chinese() -> None:
    caller = collecting()
    said = caller.press("12#")[-1]
    assert said == do.Say(number=4, prompts=("digit_1_yao", "digit_2", "n_10", "n_2"))


def test_masked_digits_are_nowhere_but_in_the_look_up() -> None:
    """Not in data, commands, records or texts; masking ends with the node."""
    caller = Caller(
        "c",
        c={"type": "collect", "say": ["ask"], "into": "pin", "masked": True, "next": "l", "otherwise": "e"},
        l={"type": "look_up", "url": "http://a.test/{pin}?of={caller}", "next": "p", "on_error": "p"},
        p={"type": "play", "say": ["digits:{pin}", "welcome"], "next": "s"},
        s={"type": "set", "data": {"copy": "<{pin}>"}, "next": "e"},
        e=END,
    )
    assert caller.done[0] == do.MaskDigits(masked=True)
    commands = caller.press("4711#")
    assert commands[-2:] == (
        do.MaskDigits(masked=False),
        do.LookUpOutside(number=6, url="http://a.test/4711?of=%2B8651012345678", timeout_s=2.0),
    )
    assert "4711" not in repr((caller.state, commands[:-1], caller.state.to_record()))
    assert caller.hear(told.LookUpFailed(number=6)) == (do.Say(number=7, prompts=("welcome",)),)
    caller.listen()
    assert caller.state.data["copy"] == "<>"


def test_a_look_up_takes_fields_and_its_failure_goes_elsewhere() -> None:
    look = {"type": "look_up", "url": "http://a.test/{caller}", "take": {"state": "order_state"}}
    nodes: dict[str, Any] = {
        "l": look | {"next": "b", "on_error": "e"},
        "b": {
            "type": "branch",
            "cases": [{"fact": "data", "of": "order_state", "value": "done", "next": "q"}],
            "otherwise": "e",
        },
        "q": QUEUE,
        "e": END,
    }
    caller = Caller("l", **nodes)
    late = told.LookUpAnswered(number=9, fields={"state": "done"})
    assert caller.hear(late) == ()
    assert caller.hear(told.LookUpAnswered(number=1, fields={"state": "done", "other": "x"})) == (
        do.AttachData(name="order_state", value="done"),
        do.JoinQueue(queue="general", level=0),
    )
    failed = Caller("l", **nodes)
    assert failed.hear(told.LookUpFailed(number=1)) == (do.Say(number=2, prompts=("goodbye",)),)


@pytest.mark.parametrize(
    ("case", "fact", "taken"),
    [
        ({"fact": "open", "of": "h"}, True, True),
        ({"fact": "open", "of": "h", "value": "false"}, True, False),
        ({"fact": "open", "of": "h", "test": "is_not"}, True, False),
        ({"fact": "waiting", "of": "h", "test": "at_least", "value": "20"}, 20.0, True),
        ({"fact": "waiting", "of": "h", "test": "at_most", "value": "19"}, 20.0, False),
        ({"fact": "waiting", "of": "h", "value": "20"}, 20.0, True),
        ({"fact": "data", "of": "h", "test": "at_least", "value": "5"}, "", False),
        ({"fact": "caller", "test": "begins", "value": "+86510"}, "", True),
        ({"fact": "region", "value": "west"}, "", False),
        ({"fact": "level", "test": "at_most", "value": "0"}, "", True),
    ],
)
def test_the_first_case_that_holds_is_taken(
    case: dict[str, Any], fact: bool | float | str, taken: bool
) -> None:
    world = World({(case["fact"], case.get("of", "")): fact})
    branch = {"type": "branch", "cases": [case | {"next": "q"}], "otherwise": "e"}
    caller = Caller("b", world, b=branch, q=QUEUE, e=END)
    assert (caller.state.phase is Phase.QUEUED) is taken


def test_a_region_that_is_set_is_the_callers_from_then_on() -> None:
    """For branches, for what is said, and after a restart; data of that name is data and no region."""
    asks = {"type": "branch", "cases": [{"fact": "region", "value": "west", "next": "m"}], "otherwise": "e"}
    caller = Caller(
        "c",
        c={"type": "collect", "into": "region", "most": 1, "next": "b", "otherwise": "e"},
        b={"type": "branch", "cases": [{"fact": "region", "value": "east", "next": "s"}], "otherwise": "e"},
        s={"type": "set", "region": "west", "next": "a"},
        a=asks,
        m={"type": "menu", "say": ["text:{region}"], "keys": {"1": "a"}, "otherwise": "e"},
        e=END,
    )
    assert caller.state.region == "east"
    assert caller.press("7")[1:] == (
        do.SetRegion(region="west"),
        do.Say(number=2, prompts=("text:west",)),
    )
    record = caller.state.to_record()
    state, _ = resume(caller.flow, caller.facts, record)
    assert (state.node, state.region) == ("m", "west")
    again, said = step(caller.flow, state, told.DigitPressed(digit="1"), caller.facts)
    assert (again.node, said[-1]) == ("m", do.Say(number=2, prompts=("text:west",)))
    of_before = {name: value for name, value in record.items() if name != "region"}
    assert resume(caller.flow, caller.facts, of_before)[0].region == "west"


def test_a_full_queue_leads_to_the_voicemail_and_a_message_ends_by_a_key() -> None:
    caller = Caller(
        "s",
        s={"type": "set", "level": 7, "next": "q"},
        q=QUEUE | {"on_full": "v"},
        v={"type": "voicemail", "say": ["leave"], "box": "night", "longest_s": 60, "next": "e"},
        e=END,
    )
    assert caller.done == (do.JoinQueue(queue="general", level=7),)
    assert caller.hear(told.QueueRefused()) == (do.Say(number=1, prompts=("leave",)),)
    assert caller.press("1") == ()
    assert caller.listen() == (do.TakeMessage(box="night", longest_s=60.0, silence_s=5.0),)
    assert caller.press("#") == (do.FinishMessage(),)
    assert caller.hear(told.MessageTaken()) == (do.Say(number=2, prompts=("goodbye",)),)


def reviewing() -> Caller:
    """A caller who has left a message and is asked what to do with it."""
    message = {"type": "voicemail", "say": [], "review": ["review"], "review_s": 6, "next": "e"}
    caller = Caller("v", v=message, e=END)
    assert isinstance(caller.done[0], do.TakeMessage)
    assert caller.hear(told.MessageTaken()) == (do.Say(number=1, prompts=("review",)),)
    return caller


def test_a_message_is_heard_again_and_again_and_kept() -> None:
    """In the middle of what is said too; a key that means nothing changes nothing."""
    caller = reviewing()
    assert caller.press("1") == (do.StopSaying(), do.PlayMessage(number=2))
    assert caller.press("51") == (do.StopSaying(), do.PlayMessage(number=3))
    assert caller.hear(told.SayingFinished(number=2)) == ()
    assert caller.listen() == (do.Say(number=4, prompts=("review",)),)
    assert caller.press("8") == ()
    assert caller.press("#") == (do.StopSaying(), do.Say(number=5, prompts=("goodbye",)))


def test_a_message_is_spoken_anew_and_asked_about_anew() -> None:
    caller = reviewing()
    again = do.TakeMessage(box="main", longest_s=120.0, silence_s=5.0)
    assert caller.press("2") == (do.StopSaying(), do.DiscardMessage(), again)
    assert caller.press("2") == ()
    assert caller.press("#") == (do.FinishMessage(),)
    assert caller.hear(told.MessageTaken()) == (do.Say(number=2, prompts=("review",)),)


def test_who_says_nothing_to_the_review_has_the_message_kept() -> None:
    caller = reviewing()
    assert caller.listen() == (do.StartTimer(number=2, seconds=6.0),)
    assert caller.wait() == (do.Say(number=3, prompts=("goodbye",)),)


def test_what_is_longer_than_can_be_played_back_is_not_reviewed() -> None:
    node = {"type": "voicemail", "review": ["p"], "longest_s": 121}
    _, faults = read_flow({"id": "f", "start": "v", "nodes": {"v": node}})
    assert [fault.path for fault in faults] == ["nodes.v.longest_s"]


def test_a_full_queue_without_a_way_turns_away() -> None:
    caller = Caller("q", q=QUEUE)
    assert caller.hear(told.QueueRefused()) == (do.TurnAway(),)


def test_a_survey_after_the_talk_is_kept_with_the_call() -> None:
    survey = {"type": "survey", "say": ["rate"], "keys": {"1": "good"}, "repeats": 0, "next": "e"}
    caller = Caller("q", q=QUEUE | {"after": "r"}, r=survey, e=END)
    assert caller.hear(told.AgentLeft()) == (do.Say(number=1, prompts=("rate",)),)
    assert caller.press("1") == (
        do.StopSaying(),
        do.KeepAnswer(name="satisfaction", value="good"),
        do.Say(number=2, prompts=("goodbye",)),
    )


def test_after_a_restart_of_control_the_caller_begins_the_node_again() -> None:
    """With level and data as they were; a node that is gone begins the flow again."""
    caller = collecting()
    caller.press("12#")
    record = caller.state.to_record()
    state, commands = resume(caller.flow, caller.facts, record)
    assert (state.node, state.data["order"]) == ("p", "12")
    assert isinstance(commands[0], do.Say)
    state, commands = resume(caller.flow, caller.facts, record | {"node": "gone"})
    assert state.node == "c"


# ---- any key at any time ----------------------------------------------------------------------------

NAMES = [f"n{number}" for number in range(7)]
SAID = ["p", "digits:{d}", "number:{d}", "amount:{d}", "date/en:{d}", "time:{d}", "text:{d}", "text@p:好"]
AROUND = Surroundings(
    prompts=frozenset({"p"}),
    queues=frozenset({"general"}),
    hours=frozenset({"h"}),
    lists=frozenset({"l"}),
    regions=frozenset({"east"}),
)
CASES: list[dict[str, Any]] = [
    {"fact": "open", "of": "h"},
    {"fact": "holiday", "value": "false"},
    {"fact": "listed", "of": "l", "test": "is_not"},
    {"fact": "caller", "test": "begins", "value": "0510"},
    {"fact": "data", "of": "d", "test": "at_most", "value": "5"},
    {"fact": "region", "value": "east"},
    *({"fact": fact, "value": "me"} for fact in ("called", "trunk")),
    {"fact": "level", "test": "at_least", "value": "1"},
    *(
        {"fact": fact, "of": "general", "test": test, "value": "2"}
        for fact in ("waiting", "ready", "expected_wait_s")
        for test in ("at_least", "at_most")
    ),
]
assert {case["fact"] for case in CASES} == set(FACTS), "every fact that can be asked"


@st.composite
def _flows(draw: st.DrawFn) -> Flow:
    """Ways without a key lead to later nodes, ways by a key anywhere: so no circle turns by itself."""
    nodes: dict[str, Any] = {}
    for number, name in enumerate(NAMES):
        nodes[name] = draw(_node(number))
    flow, faults = read_flow({"id": "f", "start": "n0", "nodes": nodes})
    assert flow is not None, faults
    assert {fault.expected[:4] for fault in flow_faults(flow, AROUND)} <= {"不可到达"}
    return flow


@st.composite
def _node(draw: st.DrawFn, number: int) -> dict[str, Any]:
    say = {"say": draw(st.lists(st.sampled_from(SAID), max_size=2))}
    if number == len(NAMES) - 1:
        return {"type": "hang_up", **say}
    later, any_node = st.sampled_from(NAMES[number + 1 :]), st.sampled_from(NAMES)
    keys = st.dictionaries(st.sampled_from("0123456789*#"), any_node, min_size=1, max_size=3)
    cases = st.sampled_from(CASES).flatmap(
        lambda case: st.fixed_dictionaries({"next": later}).map(case.__or__)
    )
    small = st.integers(0, 2)
    kinds: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "play": {"may_interrupt": st.booleans(), "next": later},
        "menu": {"keys": keys, "repeats": small, "otherwise": later},
        "collect": {
            "into": st.just("d"),
            "least": st.integers(1, 2),
            "most": st.integers(2, 3),
            "masked": st.booleans(),
            "repeats": small,
            "next": any_node,
            "otherwise": later,
        },
        "branch": {"cases": st.lists(cases, max_size=2), "otherwise": later},
        "look_up": {"url": st.just("http://a.test/"), "next": later, "on_error": later},
        "set": {
            "level": small,
            "region": st.sampled_from(["", "east"]),
            "data": st.just({"x": "{d}"}),
            "next": later,
        },
        "queue": {"queue": st.just("general"), "on_full": later, "after": later},
        "callback": {"queue": st.just("general"), "next": later, "otherwise": later},
        "transfer": {"to": st.just("{caller}"), "otherwise": later},
        "voicemail": {"next": later, "review": st.sampled_from([[], ["p"], ["digits:{caller}"]])},
        "survey": {"keys": st.just({"1": "a"}), "repeats": small, "next": later},
    }
    assert {*kinds, "hang_up"} == set(NODES), "every kind of node that there is"
    kind = draw(st.sampled_from(sorted(kinds)))
    node = draw(st.fixed_dictionaries(kinds[kind]))
    speaks = kind in ("play", "menu", "collect", "voicemail", "survey")
    return {"type": kind, **node, **(say if speaks else {})}


_numbers = st.integers(0, 12)
_events: st.SearchStrategy[FlowEvent] = st.one_of(
    st.builds(told.DigitPressed, digit=st.sampled_from("0123456789*#A")),
    st.builds(told.SayingFinished, number=_numbers),
    st.builds(told.TimeElapsed, number=_numbers),
    st.builds(told.LookUpAnswered, number=_numbers, fields=st.just({"x": "1"})),
    st.builds(told.LookUpFailed, number=_numbers),
    st.builds(told.CallbackNoted, number=_numbers),
    st.builds(told.CallbackRefused, number=_numbers),
    st.builds(told.TransferFailed, number=_numbers),
    st.just(told.QueueRefused()),
    st.just(told.AgentLeft()),
    st.just(told.MessageTaken()),
)


def _patient(state: FlowState) -> FlowEvent:
    """What happens next to a caller who does nothing."""
    match state.phase:
        case Phase.SAYING | Phase.HEARING:
            return told.SayingFinished(number=state.number)
        case Phase.AWAITING:
            return told.TimeElapsed(number=state.number)
        case Phase.LOOKING_UP:
            return told.LookUpFailed(number=state.number)
        case Phase.ARRANGING:
            return told.CallbackRefused(number=state.number)
        case Phase.PUTTING_THROUGH:
            return told.TransferFailed(number=state.number)
        case Phase.QUEUED:
            return told.QueueRefused()
        case _:
            return told.MessageTaken()


def _is_owed(state: FlowState, commands: list[FlowCommand]) -> bool:
    """Whether the thing that the phase waits for was really begun, so that nobody hangs in silence for ever."""
    match state.phase:
        case Phase.SAYING:
            return any(isinstance(one, do.Say) and one.number == state.number for one in commands)
        case Phase.AWAITING:
            return any(isinstance(one, do.StartTimer) and one.number == state.number for one in commands)
        case Phase.LOOKING_UP:
            return any(isinstance(one, do.LookUpOutside) and one.number == state.number for one in commands)
        case Phase.ARRANGING:
            return any(isinstance(one, do.RequestCallback) and one.number == state.number for one in commands)
        case Phase.PUTTING_THROUGH:
            return any(isinstance(one, do.RingForCaller) and one.number == state.number for one in commands)
        case Phase.QUEUED:
            return any(isinstance(one, do.JoinQueue) for one in commands)
        case Phase.HEARING:
            return any(isinstance(one, do.PlayMessage) and one.number == state.number for one in commands)
        case Phase.RECORDING:
            return any(isinstance(one, do.TakeMessage) for one in commands)
        case Phase.ENDED:
            return any(isinstance(one, do.EndCall | do.TurnAway) for one in commands)


@settings(max_examples=150, deadline=None)
@given(_flows(), st.booleans(), st.lists(_events, max_size=25), st.integers(0, 25))
def test_any_key_at_any_time_and_a_hang_up_at_every_node(
    flow: Flow, is_open: bool, events: list[FlowEvent], left_after: int
) -> None:
    """Nothing raises, each wait was begun, a patient caller comes to an end, and one who left is left alone."""
    crowd = {(fact, "general"): 3.0 * is_open for fact in ("waiting", "ready", "expected_wait_s")}
    world = World({("open", "h"): is_open, ("holiday", ""): is_open, **crowd})
    state, given_ = begin(flow, world, CALLER)
    commands = list(given_)
    assert _is_owed(state, commands)
    for event in events:
        before = state
        state, given_ = step(flow, state, event, world)
        commands += given_
        if state == before:
            assert given_ in ((), (do.FinishMessage(),))
        assert _is_owed(state, commands)
        assert sum(isinstance(one, do.EndCall | do.TurnAway) for one in commands) <= 1
    gone = state
    for _ in range(left_after):
        if state.phase is not Phase.ENDED:
            state, given_ = step(flow, state, _patient(state), world)
    gone, given_ = step(flow, state, told.CallerLeft(), world)
    assert (gone.phase, given_) == (Phase.ENDED, ())
    for event in events:
        assert step(flow, gone, event, world) == (gone, ())
    for _ in range(200):
        if state.phase is Phase.ENDED:
            break
        state, _ = step(flow, state, _patient(state), world)
    assert state.phase is Phase.ENDED


def test_a_transfer_rings_until_somebody_has_the_caller_or_nobody_will() -> None:
    caller = Caller("t", t={"type": "transfer", "to": "{caller}", "ring_s": 9, "otherwise": "e"}, e=END)
    [ring] = caller.done
    assert isinstance(ring, do.RingForCaller)
    assert (ring.number, ring.ring_s, caller.state.phase) == (1, 9.0, Phase.PUTTING_THROUGH)
    assert caller.press("1") == ()
    assert caller.hear(told.TransferFailed(number=7)) == ()
    assert caller.hear(told.TransferFailed(number=1)) == (do.Say(number=2, prompts=("goodbye",)),)
