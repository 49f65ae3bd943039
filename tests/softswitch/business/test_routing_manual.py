"""The manual of routing is true: each of its examples is read by the product's reader and goes as it says."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from softswitch.business.documents import KINDS
from softswitch.settings.distribution import STRATEGIES
from softswitch.settings.overflow import OverflowTo
from tests.softswitch.business.story import Story
from tests.softswitch.business.test_strategies import Documents

MANUAL = Path(__file__).parents[3] / "docs" / "routing.md"
POLICIES = (
    *("多队列", "先来先服务", "先闲先分配", "服务优先级", "座席技能优先级", "指定座席"),
    *("地区优先级", "客户服务路由表", "客户级别调整", "排队溢出", "组合策略", "媒体统一排队"),
)

_BLOCKS = re.compile(r"```toml\n(.*?)```\n+```story\n(.*?)```", re.DOTALL)


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


def test_each_strategy_condition_and_target_has_an_example() -> None:
    """Under the heading of its policy."""
    queues = [
        (example.heading[:2].strip(), data)
        for example in EXAMPLES
        for (kind, _), data in example.documents.items()
        if kind == "queues"
    ]
    strategies = {
        data.get("distribution", {}).get("strategy", "longest_idle")
        for policy, data in queues
        if policy == "3"
    }
    assert strategies == set(STRATEGIES.split("|"))
    rules = [rule for policy, data in queues if policy == "10" for rule in data.get("overflow", ())]
    assert {rule["to"] for rule in rules} == set(OverflowTo)
    conditions = {
        *("waited_s", "longest_wait_s", "waiting", "expected_wait_s", "when_nobody", "when_agents"),
        *("when_closed", "strategies", "least_level", "drops_skills"),
    }
    assert conditions - {name for rule in rules for name in rule} == set()


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
