"""The page of operations, races and hearing rows (docs/phone_bar_tests.md) says what there is."""

import ast
import re
from pathlib import Path

from api.actors import Role
from api.live_messages import OWN_KINDS
from api.pages import FOLDER
from api.routes import ROUTES
from softswitch.calls.chronicle import shown_kinds

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "phone_bar_tests.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| `(\w+ \S+)` \| `(\w+)` \| `([\w.]+)` \| `(\S+)` `(\w+)` \|$", re.MULTILINE)


def sections() -> dict[str, str]:
    """The tables by their titles in English."""
    parts = re.split(r"^## .* / (.*)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_has_a_row_with_its_endpoint() -> None:
    rows = [(command, endpoint) for command, endpoint, *_ in ROW.findall(TEXT)]
    assert sorted(rows) == sorted((r.command, f"{r.method} {r.path}") for r in ROUTES if r.command)


def test_every_command_is_asked_for_by_its_method_of_the_module() -> None:
    module = (FOLDER / "phonebar.js").read_text(encoding="utf-8")
    for command, _, method, *_ in ROW.findall(TEXT):
        assert re.search(rf"^  (async )?{method}\(", module, re.MULTILINE), method
        asked = f"'{command}'" in module or f"${{how}}_{command.partition('_')[2]}" in module
        assert asked, f"{method} does not ask for {command}"


def test_an_integrator_s_page_may_ask_for_all_that_an_agent_may_but_what_dials() -> None:
    """Nobody is dialled by a message of another site."""
    listed = re.search(
        r"const METHODS = new Set\(\[(.*?)\]\)", (FOLDER / "framing.js").read_text("utf-8"), re.DOTALL
    )
    assert listed is not None
    methods = {command: method for command, _, method, *_ in ROW.findall(TEXT)}
    asked = {methods[r.command] for r in ROUTES if r.command and Role.AGENT in r.people}
    dialling = {"dial", "callBackVoicemail", "nextRecord", "skipRecord", "dialRecord"}
    assert set(re.findall(r"'(\w+)'", listed[1])) == asked - dialling


def test_every_event_of_the_module_is_told_by_whatever_stands_around_it() -> None:
    """What `on` listens to is in the manual, on the page to try it on, and told to a page around the bar."""

    def words(name: str, of: str) -> set[str]:
        listed = re.search(rf"const {of} = \[(.*?)\];", (FOLDER / name).read_text("utf-8"), re.DOTALL)
        assert listed is not None
        return set(re.findall(r"'(\w+)'", listed[1]))

    module = (FOLDER / "phonebar.js").read_text("utf-8")
    typedef = module[module.index("PhoneBarEvents  what") : module.index("const RETRY_MS")]
    events = set(re.findall(r"@property \{.*\} (\w+)", typedef))
    assert words("phonebar_example.js", "EVENTS") == events - {"snapshot", "event"}
    assert words("framing.js", "TOLD") == events - {"snapshot", "event", "call"}
    manual = (ROOT / "docs" / "phone_bar.md").read_text("utf-8")
    listed = re.search(r"事件 / events: `([^`]+)`", manual)
    assert listed is not None
    assert set(listed[1].split()) == events
    toolbar = (FOLDER / "toolbar.js").read_text("utf-8")
    older = set(re.findall(r"^  (on[A-Z]\w+) = null;", toolbar, re.MULTILINE))
    assert older == set(re.findall(r"`?(on[A-Z]\w+)", manual[manual.index("`/web/toolbar.js`") :]))


def test_every_event_is_one_that_readers_are_told_of() -> None:
    told = OWN_KINDS.keys() | shown_kinds().keys()
    assert {event for _, _, _, event, *_ in ROW.findall(TEXT)} - told == set()


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/\S+\.py)` `(test_\w+)`", TEXT)
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        defined = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in defined, f"{file} has no {name}"
    for title, least in (("Operations", 40), ("Races", 30), ("The hearing table", 20)):
        assert len(re.findall(r"`test_\w+`", sections()[title])) >= least, title
