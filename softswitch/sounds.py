"""Whether every sound that a call may need is there, before anything starts."""

from media.prompts import PromptBank
from softswitch.calls.announcements import REQUIRED_PROMPTS
from softswitch.calls.party import MUSIC, RINGBACK
from softswitch.settings.whole import Settings


def load_sounds(settings: Settings) -> PromptBank:
    """Load all sounds; raises `PromptFaults` that names each file that is missing or not readable."""
    greetings = {route.greeting for route in settings.routes if route.greeting}
    return PromptBank.load(
        settings.media.prompt_dirs,
        settings.media.music_dir,
        required=REQUIRED_PROMPTS | greetings,
        required_music={queue.music for queue in settings.queues} | {RINGBACK, MUSIC},
    )
