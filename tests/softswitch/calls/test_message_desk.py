"""The review of a message: heard once its file is closed, spoken anew in place of it, kept by a key, by waiting or by hanging up."""

from pathlib import Path
from typing import Any

import pytest

from media import events as plane_news
from softswitch.calls.call import CallState
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.test_flow import FLOW, FlowNode, business_of

MESSAGE = FLOW["nodes"]["message"] | {"review": ["ask"], "review_s": 5}
REVIEWED: dict[str, Any] = FLOW | {"nodes": FLOW["nodes"] | {"message": MESSAGE}}


@pytest.fixture
def node(tmp_path: Path) -> FlowNode:
    """The flow asks for each message whether it is to be kept."""
    found = FlowNode()
    found.standing.business = business_of(main=REVIEWED)
    return found


def leave_message(node: FlowNode) -> str:
    """A caller has said everything and pressed #; the message."""
    node.press("2")
    node.listen()
    node.press("#")
    return node.entries(entries.VoicemailStarted)[-1].voicemail_id


def test_a_message_is_heard_from_its_file_as_soon_as_that_is_closed(node: FlowNode) -> None:
    """Not before; and the plane has it no longer than somebody hears it."""
    call_id = node.enter()
    node.press("2")
    node.listen()
    node.plane.is_silent = True  # the plane writes still
    node.press("#1")
    assert node.plane.loaded == {}
    assert node.plane.prompts_of("in1") == ("tone_connect",)
    node.plane.is_silent = False
    node.settle()
    [(name, path)] = node.plane.loaded.items()
    [started] = node.entries(entries.VoicemailStarted)
    assert path.endswith(f"{started.voicemail_id}.wav")
    assert node.plane.prompts_of("in1") == (name,)
    node.press("1")  # once more from its beginning
    assert node.plane.loaded == {node.plane.prompts_of("in1")[0]: path}
    node.listen()
    assert (node.plane.loaded, node.plane.prompts_of("in1")) == ({}, ("ask",))
    node.press("1")
    node.sip.leave("in1")
    node.settle()
    assert node.plane.loaded == {}
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED
    assert not node.entries(entries.VoicemailDiscarded)
    assert node.board.table.find(call_id) is None
    node.assert_nothing_is_left()


def test_what_cannot_be_played_is_over_by_itself(node: FlowNode) -> None:
    """The plane says nothing of a file that it cannot read: the caller is asked again, and goes on."""
    call_id = node.enter()
    leave_message(node)
    node.press("1")
    node.plane.legs["in1"].playlist = None
    node.pass_time(6.0)
    assert node.plane.prompts_of("in1") == ("ask",)
    node.listen()
    node.pass_time(5.0)
    assert node.plane.prompts_of("in1") == ("kept",)
    node.listen()
    assert node.board.table.find(call_id) is None


async def test_a_message_that_is_spoken_anew_takes_the_place_of_the_first(
    node: FlowNode, tmp_path: Path
) -> None:
    """Whose file is deleted, once nobody writes it any more; hanging up keeps the second."""
    assert node.board.flows is not None
    node.board.flows._messages._folder = tmp_path
    node.enter()
    node.press("2")
    node.listen()
    first = Path(
        node.plane.recordings[(started := node.entries(entries.VoicemailStarted)[-1]).voicemail_id].path
    )
    first.parent.mkdir()
    first.write_bytes(b"sound")
    node.press("#")
    node.press("2")
    [discarded] = node.entries(entries.VoicemailDiscarded)
    assert discarded.voicemail_id == started.voicemail_id
    await node.recordings.wait_repaired()
    [deleted] = node.entries(entries.RecordingDeleted)
    assert (deleted.recording_id, deleted.reason) == (started.voicemail_id, "spoken_anew")
    assert not first.exists()
    [second] = set(node.plane.recordings) - {node.call(started.call_id).recording_id}
    assert second != started.voicemail_id
    node.sip.leave("in1")
    node.settle()
    assert second in {one.recording_id for one in node.entries(entries.RecordingClosed)}
    assert len(node.entries(entries.VoicemailDiscarded)) == 1


async def test_a_discarded_file_that_is_still_written_is_deleted_after_it_is_closed(
    node: FlowNode, tmp_path: Path
) -> None:
    """The journal has them in this order."""
    node.enter()
    node.press("2")
    node.listen()
    node.plane.is_silent = True
    node.press("#2")
    assert not node.entries(entries.RecordingDeleted)
    node.plane.is_silent = False
    node.settle()
    await node.recordings.wait_repaired()
    kinds = [
        type(entry).__name__
        for entry in node.journal.entries
        if isinstance(entry, entries.RecordingClosed | entries.RecordingDeleted)
    ]
    assert kinds == ["RecordingClosed", "RecordingDeleted"]


def test_what_comes_too_late_plays_nothing(node: FlowNode) -> None:
    """The caller kept the message while its file was being closed."""
    call_id = node.enter()
    node.press("2")
    node.listen()
    node.plane.is_silent = True
    node.press("#1#")
    node.plane.is_silent = False
    node.settle()
    assert node.plane.loaded == {}
    assert node.plane.prompts_of("in1") == ("kept",)
    assert node.call(call_id).state is CallState.IN_FLOW
    closed = [one for one in node.plane.news if isinstance(one, plane_news.RecordingClosed)]
    assert closed == []


def killed(node: FlowNode) -> FlowNode:
    """Control dies, and another one takes the call over with what was written down of it."""
    [record] = node.keeper.load("live_call").values()
    for call in node.board.calls():
        assert call.flow is not None
        call.flow_record, call.flow, call.message_id = record["flow"], None, ""
        assert node.board.resume_flow(call)
    return node


def test_a_message_that_is_spoken_while_control_dies_goes_on(node: FlowNode) -> None:
    """The same file, the same limit, counted from its beginning; what is over by then is over at once."""
    call_id = node.enter()
    node.press("2")
    node.listen()
    [started] = node.entries(entries.VoicemailStarted)
    node.pass_time(20.0)
    killed(node)
    assert node.call(call_id).message_id == started.voicemail_id
    assert started.voicemail_id in node.recordings.open_ids
    node.pass_time(9.0)
    assert started.voicemail_id in node.plane.recordings
    node.pass_time(1.5)
    assert started.voicemail_id not in node.plane.recordings
    assert node.plane.prompts_of("in1") == ("ask",)
    assert len(node.entries(entries.VoicemailStarted)) == 1


def test_a_review_in_which_control_dies_begins_again_with_the_same_message(node: FlowNode) -> None:
    """It can be heard still."""
    node.enter()
    message = leave_message(node)
    node.press("1")
    node.listen()
    node.listen()
    killed(node)
    assert node.plane.prompts_of("in1") == ("ask",)
    node.press("1")
    assert message in node.plane.prompts_of("in1")[0]
    assert len(node.entries(entries.VoicemailStarted)) == 1
