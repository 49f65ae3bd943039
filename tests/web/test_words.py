"""What the pages say: both languages for every name, and a word for whatever the server may name."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from acd.agent_state import Activity, Presence
from api.pages import FOLDER
from media.progress import Progress
from softswitch.business.shapes import kind_shapes, shape_of
from softswitch.calls.dial_results import DialResult
from softswitch.campaigns.records import RecordState
from softswitch.flows.nodes import NODES
from softswitch.operations.alarms import AlarmKind
from softswitch.store.entries import EndReason

TEXT = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*words.js")))
WORDS = re.findall(r"^  '([\w.]+)': \['(.*)', '(.*)'\],$", TEXT, re.MULTILINE)
NAMES = [name for name, _, _ in WORDS]


def test_every_name_stands_once_and_has_both_languages() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(re.findall(r"^  '[\w.]+':", TEXT, re.MULTILINE))
    assert [name for name, chinese, english in WORDS if not (chinese and english)] == []


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("alarm", AlarmKind),
        ("end", EndReason),
        ("result", DialResult),
        ("progress", Progress),
        ("record", RecordState),
        ("state", Presence),
        ("state", [activity for activity in Activity if activity is not Activity.IDLE]),
    ],
)
def test_what_the_server_names_has_a_word(group: str, values: list[str]) -> None:
    assert [value for value in values if f"{group}.{value}" not in NAMES] == []


def _choices(schema: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every choice that a form offers, with the name of its field."""
    yield from ((name, value) for value in schema.get("enum", ()))
    for inner_name, inner in schema.get("properties", {}).items():
        yield from _choices(inner, inner_name)
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from _choices(inner, name)


def test_every_choice_of_a_form_has_a_word() -> None:
    shapes = [*kind_shapes().values(), *(shape_of(node) for node in NODES.values())]
    offered = {choice for shape in shapes for choice in _choices(shape)}
    assert len(offered) > 80
    assert {
        (field, value)
        for field, value in offered
        if not {f"choice.{field}.{value}", f"choice.{value}"} & set(NAMES)
    } == set()


def test_what_the_pages_ask_for_is_there() -> None:
    """`word('…')` and `data-word="…"` with a plain name."""
    asked = set()
    for path in FOLDER.iterdir():
        if path.suffix in (".js", ".html"):
            text = path.read_text(encoding="utf-8")
            asked |= set(re.findall(r"word\('([\w.]+)'", text))
            asked |= set(re.findall(r'data-(?:word|hint|blank)="([\w.]+)"', text))
    assert asked - set(NAMES) == set()
