"""What a node says, as names of prompts; and texts with `{names}` in them, filled in."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from softswitch.calls.announcements import digit_by_digit, number_words

_NAME: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(text: str, data: Mapping[str, str]) -> str:
    """The text with every `{name}` replaced by the data of that name, empty for none."""
    return _NAME.sub(lambda found: data.get(found[1], ""), text)


def filled_url(text: str, data: Mapping[str, str]) -> str:
    """As `filled`, with what is put in quoted: a caller's digits are never a path or a query of their own."""
    return _NAME.sub(lambda found: quote(data.get(found[1], ""), safe=""), text)


def prompts_of(say: Iterable[str], data: Mapping[str, str]) -> tuple[str, ...]:
    """The prompts of a node's `say`.  A number that is none is not said."""
    found: list[str] = []
    for item in say:
        kind, colon, rest = item.partition(":")
        text = filled(rest, data)
        if colon and kind == "digits":
            found += digit_by_digit(text)
        elif colon and kind == "number":
            found += number_words(int(text)) if text.isascii() and text.isdigit() else ()
        else:
            found.append(item)
    return tuple(found)
