"""The ladder of a call as text and as SVG."""

from xml.etree import ElementTree as ET

from softswitch.operations.ladder import LANE_CHARS, NODE, Step, as_svg, as_text, lanes_of

STEPS = (
    Step(at=100.0, text="CallArrived trunk=city"),
    Step(at=100.0, text="INVITE", peer="udp:192.0.2.1:5060"),
    Step(at=100.02, text="200 OK (INVITE)", peer="udp:192.0.2.1:5060", outward=True),
    Step(at=101.5, text="INVITE", peer="udp:192.0.2.9:5060", outward=True),
    Step(at=131.25, text="BYE <&>", peer="udp:192.0.2.9:5060"),
)


def test_every_peer_has_a_lane_in_the_order_of_their_first_word() -> None:
    assert lanes_of(STEPS) == (NODE, "udp:192.0.2.1:5060", "udp:192.0.2.9:5060")


def test_arrows_point_from_the_speaker_to_the_lane_of_the_other() -> None:
    lines = as_text(STEPS, "call 1").splitlines()
    rows = {line[:10].strip(): line for line in lines if line[:10].strip().startswith("+")}
    first = 10 + "|".center(LANE_CHARS).index("|")
    assert rows["+0.020"][first : first + LANE_CHARS + 1].startswith("|-")
    assert rows["+0.020"][first + LANE_CHARS - 1 : first + LANE_CHARS + 1] == ">|"
    far = rows["+1.500"]
    assert far[first + 2 * LANE_CHARS - 1 : first + 2 * LANE_CHARS + 1] == ">|"
    assert rows["+31.250"][first : first + 2] == "|<"
    assert "200 OK (INVITE)" in rows["+0.020"]
    assert lines[0] == "call 1"


def test_a_call_without_messages_is_drawn_too() -> None:
    assert "CallArrived" in as_text(STEPS[:1], "call 1", ("RTP none",))
    assert as_text((), "nothing") == "nothing\n\n" + " " * 10 + NODE.center(LANE_CHARS).rstrip() + "\n"


def test_the_picture_is_well_formed_and_holds_every_step_and_note() -> None:
    root = ET.fromstring(as_svg(STEPS, "call <1>", ("RTP a: lost 3",)))  # noqa: S314  our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "call <1>" in texts
    assert "BYE <&>" in texts
    assert "RTP a: lost 3" in texts
    arrows = [line for line in root.iter("{http://www.w3.org/2000/svg}line") if line.get("marker-end")]
    assert len(arrows) == 4
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_the_picture_is_as_wide_as_its_longest_sentence() -> None:
    """What happened inside is told in long lines, to the right of our own lane; a picture that cuts them off tells nothing."""
    told = Step(at=100.0, text="CallConnected " + "agent=1001 " * 20 + "示忙" * 20)
    root = ET.fromstring(as_svg((told, *STEPS[1:]), "call"))  # noqa: S314  our own
    [line] = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if text.text == told.text]
    began = float(line.attrib["x"])
    assert began + 7 * (len(told.text) - 40) + 12 * 40 < float(root.attrib["width"])
    assert "stroke" in line.attrib, "it stands in front of the lanes that it crosses"
