"""What is said to callers, as names of prompts: numbers are read the way a Chinese speaker reads them.  Pure."""

from typing import Final

from softswitch.speech import chinese

HIGHEST_NUMBER: Final = 9999

_DIGITS: Final = {str(digit): f"digit_{digit}" for digit in range(10)} | {"1": "digit_1_yao"}

BUSY_LATER: Final = "busy_later"
"""What a caller is told for whom no place is left."""

REQUIRED_PROMPTS: Final = frozenset(
    (
        *("welcome", "queue_wait", BUSY_LATER, "goodbye", "wrong_number", "tone_connect"),
        *("leave_message", "review_message", "message_kept"),
        *("offer_callback", "enter_number", "callback_noted"),
        *("position_before", "position_after", "position_next", "agent_serves", "digit_1_yao"),
        *(f"digit_{digit}" for digit in range(10)),
        *("emergency_is_on", "emergency_is_off"),
        *chinese.PIECES,
    )
)
"""Every prompt that the system speaks by itself; the sound folders must have them all."""


def agent_number(agent: str) -> tuple[str, ...]:
    """播报工号: the number digit by digit, one read as yāo, then "号为您服务".

    Only the digits 0 to 9 can be spoken; an agent whose name has none of them is not announced.
    """
    spoken = digit_by_digit(agent)
    return (*spoken, "agent_serves") if spoken else ()


def digit_by_digit(text: str) -> tuple[str, ...]:
    """The digits 0 to 9 of a text, one read as yāo; what else stands in it is left out."""
    return tuple(_DIGITS[digit] for digit in text if digit in _DIGITS)


def position(place: int) -> tuple[str, ...]:
    """排队报位: how many stand before the caller at this place in the line; 1 is the head of it."""
    before = place - 1
    if before <= 0:
        return ("position_next",)
    return ("position_before", *counted(before), "position_after")


def counted(number: int) -> tuple[str, ...]:
    """A number of people as it stands before 位 (two alone is liǎng), 0 to 9999; beyond it, the nearest of these."""
    return chinese.counted(min(max(number, 0), HIGHEST_NUMBER))
