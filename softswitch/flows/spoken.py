"""What a node says, as names of prompts and texts for a voice; and texts with `{names}` in them, filled in."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from softswitch.calls.announcements import digit_by_digit
from softswitch.speech import english
from softswitch.speech.item import ENGLISH, Item, item_of, read_out, text_of
from softswitch.url_values import quoted

_NAME: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(text: str, data: Mapping[str, str]) -> str:
    """The text with every `{name}` replaced by the data of that name, empty for none."""
    return _NAME.sub(lambda found: data.get(found[1], ""), text)


def filled_url(text: str, data: Mapping[str, str]) -> str:
    """As `filled`, with what is put in quoted: a caller's digits are never a path or a query of their own."""
    return _NAME.sub(lambda found: quoted(data.get(found[1], "")), text)


def prompts_of(say: Iterable[str], data: Mapping[str, str]) -> tuple[str, ...]:
    """The prompts of a node's `say`, and its texts as items `text:…`.  A value that is none is not said."""
    found: list[str] = []
    for written in say:
        item = item_of(written)
        found += (written,) if item is None else _said(item, filled(item.value, data))
    return tuple(found)


def _said(item: Item, value: str) -> tuple[str, ...]:
    match item.kind:
        case "text":
            spoken = " ".join(value.split())
            return (text_of(spoken, item.language, item.name),) if spoken else ()
        case "digits" if item.language == ENGLISH:
            spoken = english.digits(value)
            return (text_of(spoken, ENGLISH),) if spoken else ()
        case "digits":
            return digit_by_digit(value)
        case _:
            return read_out(Item(kind=item.kind, language=item.language, value=value))
