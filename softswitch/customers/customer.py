"""A customer, and what is wrong with one.  Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from softswitch.calls.numbers import normalise
from softswitch.settings.overflow import LEVELS
from softswitch.settings.terms import ID

NUMBERS_MOST: Final = 10
TEXTS_MOST: Final[Mapping[str, int]] = {"name": 60, "address": 200, "unit": 100, "notes": 1000}
"""Columns of plain text, and how many characters each may have."""

FIELD_MOST: Final = 200
_NUMBER: Final = re.compile(r"\+?[0-9]{2,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerField:
    """A column that the hotline adds to its customers (客户字段); with `choices` its value is one of them."""

    id: str = field(metadata={"doc": "字段 / field", **ID})
    name: str = field(default="", metadata={"doc": "名称 / name"})
    choices: tuple[str, ...] = field(
        default=(), metadata={"doc": "可选值,空为任意 / values, empty = any text"}
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Its name is not that of a column that every customer has."""
        if self.id in {*TEXTS_MOST, "customer_id", "numbers", "level"}:
            yield "id", "与固有字段重名 / every customer has a field of this name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who calls: `numbers` in normal form, a `level` that is added to that of their calls, and what people wrote down.

    `fields` are those that the hotline added, by their ids.
    """

    name: str = ""
    numbers: tuple[str, ...] = ()
    level: int = 0
    address: str = ""
    unit: str = ""
    notes: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one column, and by which rule."""

    column: str
    value: str
    reason: str


def normalised(customer: Customer, area_code: str) -> Customer:
    """The customer with numbers in their normal form, each once; `area_code` is our own."""
    numbers = tuple(dict.fromkeys(normalise(number, area_code) for number in customer.numbers))
    return replace(customer, numbers=numbers)


def wrongs_of(customer: Customer, fields: Iterable[CustomerField]) -> Iterator[Wrong]:
    """Everything that is wrong with a customer whose numbers are in normal form."""
    if not customer.numbers:
        yield Wrong("numbers", "", "至少一个号码 / at least one number is needed")
    if len(customer.numbers) > NUMBERS_MOST:
        text = f"最多{NUMBERS_MOST}个 / at most {NUMBERS_MOST}"
        yield Wrong("numbers", " ".join(customer.numbers)[:80], text)
    for number in customer.numbers:
        if not _NUMBER.fullmatch(number):
            yield Wrong("numbers", number[:80], "不是电话号码 / is no telephone number")
    if abs(customer.level) > LEVELS:
        yield Wrong(
            "level", str(customer.level), f"应在 -{LEVELS}…{LEVELS} 之间 / must be within -{LEVELS}…{LEVELS}"
        )
    for column, most in TEXTS_MOST.items():
        yield from _text_wrongs(column, getattr(customer, column), most)
    known = {each.id: each for each in fields}
    for key, value in customer.fields.items():
        if key not in known:
            yield Wrong(f"fields.{key}"[:80], value[:80], "没有此字段 / there is no such field")
        elif value and known[key].choices and value not in known[key].choices:
            expected = ", ".join(known[key].choices)
            yield Wrong(f"fields.{key}", value[:80], f"应为其一:{expected} / must be one of {expected}")
        else:
            yield from _text_wrongs(f"fields.{key}", value, FIELD_MOST)


def _text_wrongs(column: str, value: str, most: int) -> Iterator[Wrong]:
    if len(value) > most:
        yield Wrong(column, value[:80], f"超过{most}个字符 / is longer than {most} characters")
    if any((ord(one) < 32 and one not in "\r\n\t") or 0xD800 <= ord(one) <= 0xDFFF for one in value):
        shown = value[:80].encode("ascii", "backslashreplace").decode()
        yield Wrong(column, shown, "含控制字符 / holds control characters")


def to_data(customer: Customer) -> dict[str, Any]:
    """As the journal keeps it."""
    return asdict(customer)


def from_data(data: Mapping[str, Any]) -> Customer:
    """What `to_data` gave, by this program or an older one."""
    return Customer(
        name=data.get("name", ""),
        numbers=tuple(data.get("numbers", ())),
        level=data.get("level", 0),
        address=data.get("address", ""),
        unit=data.get("unit", ""),
        notes=data.get("notes", ""),
        fields=dict(data.get("fields", {})),
    )
