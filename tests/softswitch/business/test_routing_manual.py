"""The manual of routing is true: each of its examples is read by the product's reader and goes as it says."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from softswitch.business.documents import KINDS
from softswitch.calls.call import CallState
from tests.softswitch.business.test_strategies import Documents, Town
from tests.softswitch.calls.node import CALLER, done

MANUAL = Path(__file__).parents[3] / "docs" / "routing.md"
POLICIES = (
    *("多队列", "先来先服务", "先闲先分配", "服务优先级", "座席技能优先级", "指定座席"),
    *("地区优先级", "客户服务路由表", "客户级别调整", "排队溢出", "组合策略", "媒体统一排队"),
)
SEATS = {"1001": "8001", "1002": "8002", "1003": "8003"}

_BLOCKS = re.compile(r"```toml\n(.*?)```\n+```story\n(.*?)```", re.DOTALL)
_STEP = re.compile(r"(\d\d):(\d\d):(\d\d) (.*?)(?:\s+-> (.*))?")


class Example(NamedTuple):
    """One example: under which heading it stands, its documents, and what happens."""

    heading: str
    documents: Documents
    story: tuple[str, ...]


def examples() -> Iterator[Example]:
    """Every example of the manual, in order."""
    for chapter in MANUAL.read_text(encoding="utf-8").split("\n### ")[1:]:
        for tables, story in _BLOCKS.findall(chapter):
            documents = {
                (kind, str(row.get("id") or row.get("number") or row["name"])): row
                for kind, rows in tomllib.loads(tables).items()
                for row in rows
            }
            yield Example(chapter.partition("\n")[0], documents, tuple(story.strip().splitlines()))


EXAMPLES = tuple(examples())


class Story:
    """An example that is played on call control as a whole."""

    def __init__(self, documents: Documents) -> None:
        """The hotline has this business from eight o'clock on."""
        self.town = Town(documents)
        self.node = self.town.node
        self._began = self.node.clock.wall()
        self._contacts: dict[str, str] = {}  # by the name in the story
        self._deeds: dict[str, Callable[..., object]] = {
            r"(\d{4}) in": lambda agent: self.node.login(agent, SEATS[agent]),
            r"(\w+) calls(?: from (\d+))?(?: to (\d+))?": self._call,
            r"(\w+) writes an? (\w+)": self._write,
            r"(\d{4}) answers (\w+)": self._answer,
            r"(\d{4}) declines (\w+)": self._decline,
            r"(\d{4}) completes (\w+)": self._complete,
            r"(\d{4}) goes for (\w+)": lambda agent, why: done(self.node.seats.not_ready(agent, why)),
            r"(\w+) hangs up": self._hang_up,
            r"time passes": lambda: None,
        }

    def step(self, line: str) -> tuple[str, ...]:
        """Do what a line says; returns what it expects."""
        found = _STEP.fullmatch(line)
        assert found is not None, f"no line of a story: {line}"
        hours, minutes, seconds, deed, expected = found.groups()
        at = self._began + (int(hours) - 8) * 3600 + int(minutes) * 60 + int(seconds)
        self.node.pass_time(at - self.node.clock.wall())
        for pattern, do in self._deeds.items():
            if words := re.fullmatch(pattern, deed):
                do(*words.groups())
                self.node.settle()
                break
        else:
            raise AssertionError(f"nobody knows how to do this: {deed}")
        return tuple(expected.split(", ")) if expected else ()

    def fate(self, name: str) -> str:
        """Where somebody is, in the words of the story."""
        found = self.node.board.contacts.find(self._contacts[name])
        if found is not None:
            agents = tuple(found.offers) or ((found.agent,) if found.agent else ())
            return self._told(name, agents, found.queue)
        call = self.node.board.table.find(self._contacts[name])
        if call is None:
            return f"{name} gone"
        if call.state is CallState.TURNED_AWAY:
            return f"{name} turned away"
        agents = tuple(party.agent for party in call.parties if party.agent)
        return self._told(name, agents, call.route.queue)

    def _told(self, name: str, agents: tuple[str, ...], queue: str) -> str:
        if agents:
            return f"{name} {' '.join(sorted(agents))}"
        return f"{name} #{self.node.waits(self._contacts[name])} {queue}"

    def _call(self, name: str, caller: str | None, number: str | None) -> None:
        self._contacts[name] = self.node.dial(name, number or "12345", caller or CALLER)
        self.node.sip.acknowledge(name)

    def _write(self, name: str, medium: str) -> None:
        contact = self.node.board.contacts.queue(
            medium, "hotline", level=0, address=name, data={}, by="manual"
        )
        self._contacts[name] = contact.contact_id

    def _answer(self, agent: str, name: str) -> None:
        contact_id = self._contacts[name]
        if self.node.board.contacts.find(contact_id) is not None:
            self.node.board.contacts.accept(agent, contact_id)
            return
        self.node.answer(self._phone(agent, name))

    def _decline(self, agent: str, name: str) -> None:
        leg_id = self._phone(agent, name)
        self.node.sip.ring(leg_id)
        self.node.sip.refuse(leg_id, 603)

    def _phone(self, agent: str, name: str) -> str:
        """The leg of an agent's phone that a call is offered to."""
        call = self.node.call(self._contacts[name])
        (leg_id,) = (party.leg_id for party in call.offered if party.agent == agent)
        return leg_id

    def _complete(self, agent: str, name: str) -> None:
        self.node.board.contacts.complete(agent, self._contacts[name])

    def _hang_up(self, name: str) -> None:
        self.node.sip.leave(name)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{each.heading}" for each in EXAMPLES])
def test_an_example_goes_as_the_manual_says(example: Example) -> None:
    """Line by line; and whatever the lines say is looked at."""
    story = Story(example.documents)
    looked_at = 0
    for line in example.story:
        expected = story.step(line)
        assert tuple(story.fate(each.partition(" ")[0]) for each in expected) == expected, line
        looked_at += len(expected)
    assert looked_at >= 3


def test_each_policy_has_an_example() -> None:
    """By its name in the contract, in its order."""
    headings = list(dict.fromkeys(each.heading for each in EXAMPLES))
    wanted = [f"{number} {policy} / " for number, policy in enumerate(POLICIES, 1)]
    assert [heading.startswith(start) for heading, start in zip(headings, wanted, strict=False)] == [
        True
    ] * 12


def test_the_examples_are_written_in_words_that_the_business_knows() -> None:
    """Every table is a kind of document, with an id that is its own."""
    for example in EXAMPLES:
        for (kind, key), data in example.documents.items():
            value, faults = KINDS[kind].value(data, f"{kind}.{key}")
            assert (KINDS[kind].id_of(value), faults) == (key, ()), example.heading


def test_a_story_that_is_not_true_is_found_out() -> None:
    """The test of the test: another line in the place of a true one."""
    documents: dict[Any, Any] = EXAMPLES[0].documents
    story = Story(documents)
    expected = story.step("08:00:02 a calls -> a 1001")
    assert story.fate("a") == "a #1 hotline" != expected[0]
    with pytest.raises(AssertionError, match="nobody knows"):
        story.step("08:00:03 a sings")
