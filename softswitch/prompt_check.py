"""Whether every sound that a call may need is there, before anything starts."""

from media.prompts import PromptBank
from softswitch.calls import announcements
from softswitch.settings import Settings


def check_prompts(settings: Settings) -> None:
    """Load all sounds once; raises `PromptFaults` that names each file that is missing or not readable."""
    wanted = set(announcements.REQUIRED_PROMPTS)
    wanted.update(route.greeting for route in settings.routes if route.greeting)
    PromptBank.load(settings.media.prompt_dirs, settings.media.music_dir, sorted(wanted))
