"""What is said to callers, as names of prompts: numbers are read the way a Chinese speaker reads them.  Pure."""

from typing import Final

HIGHEST_NUMBER: Final = 9999

_DIGITS: Final = {str(digit): f"digit_{digit}" for digit in range(10)} | {"1": "digit_1_yao"}
_TEN, _HUNDRED, _THOUSAND, _TWO_OF = "n_10", "n_100", "n_1000", "n_2_liang"

BUSY_LATER: Final = "busy_later"
"""What a caller is told for whom no place is left."""

REQUIRED_PROMPTS: Final = frozenset(
    (
        *("welcome", "queue_wait", BUSY_LATER, "goodbye", "wrong_number", "tone_connect"),
        *("leave_message", "message_kept", "offer_callback", "enter_number", "callback_noted"),
        *("position_before", "position_after", "position_next", "agent_serves", "digit_1_yao"),
        *(f"digit_{digit}" for digit in range(10)),
        *(f"n_{number}" for number in range(11)),
        *(_HUNDRED, _THOUSAND, _TWO_OF),
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
    """A number of people as it stands before 位: two alone is liǎng; else as `number_words`."""
    return (_TWO_OF,) if number == 2 else number_words(number)


def number_words(number: int) -> tuple[str, ...]:
    """The Chinese reading of 0 to 9999 (十二, 一百零五, 一千零二十, 两千二百); beyond it, that of the nearest of these.

    One zero is read for any run of empty places between two that count; ten alone has no one before it.
    """
    rest = min(max(number, 0), HIGHEST_NUMBER)
    if rest <= 10:
        return (f"n_{rest}",)
    words: list[str] = []
    skipped = False
    for size, name in ((1000, _THOUSAND), (100, _HUNDRED), (10, _TEN), (1, "")):
        figure, rest = divmod(rest, size)
        if figure == 0:
            skipped = bool(words)
            continue
        if skipped:
            words.append("n_0")
            skipped = False
        if not (size == 10 and figure == 1 and not words):
            words.append(_TWO_OF if size == 1000 and figure == 2 else f"n_{figure}")
        if name:
            words.append(name)
    return tuple(words)
