"""What the system says by itself has a sound."""

from pathlib import Path

from media.prompts import PromptBank
from softswitch.calls.announcements import REQUIRED_PROMPTS

CONFIG = Path(__file__).parents[3] / "config"


def test_every_prompt_that_can_be_named_comes_with_the_system_and_no_other() -> None:
    """The folder and the announcements agree."""
    bank = PromptBank.load([CONFIG / "prompts" / "zh"], CONFIG / "music", REQUIRED_PROMPTS)
    assert set(bank.names()) == REQUIRED_PROMPTS
