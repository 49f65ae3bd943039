"""What the system says by itself has a sound."""

import json
from collections.abc import Iterator
from pathlib import Path

from media.prompts import PromptBank
from softswitch.calls.announcements import REQUIRED_PROMPTS
from softswitch.operations.alarm_speech import ALARM_PROMPTS
from softswitch.operations.test_call import TONE_PROMPT

CONFIG = Path(__file__).parents[3] / "config"


def test_every_prompt_that_can_be_named_comes_with_the_system_and_no_other() -> None:
    """The folder, the announcements and the flows that come with the system agree."""
    bank = PromptBank.load([CONFIG / "prompts" / "zh"], CONFIG / "music", REQUIRED_PROMPTS)
    examples = [*(CONFIG / "flows").glob("*.json"), *(CONFIG / "business").glob("*.json")]
    named = {name for each in examples for name in _texts(json.loads(each.read_text(encoding="utf-8")))}
    assert set(bank.names()) >= REQUIRED_PROMPTS
    assert set(bank.names()) <= REQUIRED_PROMPTS | ALARM_PROMPTS | {TONE_PROMPT} | named


def _texts(value: object) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
