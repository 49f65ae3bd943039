"""One item of what a flow says: `KIND:VALUE`, `KIND/en:VALUE`, `text@NAME:TEXT`, or the name of a prompt.  Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from softswitch.speech import chinese, english, values

CHINESE: Final = "zh"
ENGLISH: Final = "en"
TEXT_MOST: Final = 400
"""Characters of one text: in Chinese about a hundred seconds, and a prompt has two minutes."""

_ITEM: Final = re.compile(
    r"(?P<kind>digits|number|amount|date|time|text)(?:/(?P<language>zh|en))?(?:@(?P<name>[A-Za-z0-9_\-]{1,40}))?:(?P<value>.*)"
)
_READERS: Final[Mapping[str, tuple[Any, Any, Any]]] = {
    "number": (values.number_of, chinese.decimal, english.decimal),
    "amount": (values.number_of, chinese.amount, english.amount),
    "date": (values.day_of, chinese.day, english.day),
    "time": (values.time_of, chinese.clock, english.clock),
}
"""How the text of a value is understood, and how it is read in Chinese and in English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is said: `kind` of it, in which `language`, its `value`, and the prompt `name` that replaces a text."""

    kind: str
    language: str = CHINESE
    name: str = ""
    value: str

    @property
    def text(self) -> str:
        """The item as it is written in a flow."""
        language = f"/{self.language}" if self.language != CHINESE else ""
        return f"{self.kind}{language}{f'@{self.name}' if self.name else ''}:{self.value}"

    @property
    def is_open(self) -> bool:
        """Whether attached data has to be filled in before it can be said."""
        return "{" in self.value


def item_of(text: str) -> Item | None:
    """The item that a text is; None for the name of a prompt."""
    found = _ITEM.fullmatch(text)
    if found is None or found["name"] and found["kind"] != "text":
        return None
    return Item(
        kind=found["kind"],
        language=found["language"] or CHINESE,
        name=found["name"] or "",
        value=found["value"],
    )


def text_of(value: str, language: str = CHINESE, name: str = "") -> str:
    """The item of a text that a voice speaks."""
    return Item(kind="text", language=language, name=name, value=value[:TEXT_MOST]).text


def read_out(item: Item) -> tuple[str, ...]:
    """The prompts, and texts for a voice, that say a value; nothing for a value that is none of its kind."""
    understood, in_chinese, in_english = _READERS[item.kind]
    value = understood(item.value)
    if value is None:
        return ()
    if item.language == ENGLISH:
        return (text_of(in_english(value), ENGLISH),)
    return tuple(in_chinese(value))
