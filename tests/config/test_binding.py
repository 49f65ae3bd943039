"""Tables bound to dataclasses: nesting, lists, defaults, references, and every mistake at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from config.binding import Binding
from config.values import ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A table of a list, named by its first field."""

    name: str = field(metadata={"doc": "座席名 / name of the seat"})
    password: str = field(metadata={"secret": True, "pattern": ".+"})
    port: int = field(default=5060, metadata={"kind": "port"})
    codecs: tuple[str, ...] = ("PCMA",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A table of a list that has no name."""

    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A table with defaults for everything."""

    city: str = "无锡"
    side: Literal["left", "right"] = "left"
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """A whole file."""

    place: Place = field(default_factory=Place)
    seats: tuple[Seat, ...] = ()
    lines: tuple[Line, ...] = ()
    weights: dict[str, float] = field(default_factory=dict, metadata={"minimum": 0})
    leader: str = ""

    def faults(self) -> Iterator[tuple[str, str]]:
        """The leader sits somewhere."""
        if self.leader and self.leader not in {seat.name for seat in self.seats}:
            yield "leader", f"no seat is named {self.leader!r}"


def bound(raw: Any, cls: Any = Hall) -> tuple[Any, Binding]:
    """What comes of a document, and the walk."""
    binding = Binding()
    return binding.table(cls, raw), binding


def places(raw: Any) -> list[str]:
    """The path of each mistake in a document."""
    return [fault.path for fault in bound(raw)[1].faults]


def test_an_empty_document_gives_the_defaults() -> None:
    assert bound({})[0] == Hall()


def test_tables_lists_of_tables_dicts_choices_and_options_are_bound() -> None:
    made, binding = bound(
        {
            "place": {"side": "right", "comment": "x"},
            "seats": [{"name": "a", "password": "p", "codecs": ["PCMU", "PCMA"]}],
            "lines": [{"port": 1}],
            "weights": {"a": 1, "b": 0.5},
            "leader": "a",
        }
    )
    assert binding.faults == []
    assert binding.complete
    assert made == Hall(
        place=Place(side="right", comment="x"),
        seats=(Seat(name="a", password="p", codecs=("PCMU", "PCMA")),),
        lines=(Line(port=1),),
        weights={"a": 1.0, "b": 0.5},
        leader="a",
    )


def test_every_mistake_is_named_in_one_go_with_its_place() -> None:
    raw = {
        "plaice": {},
        "seats": [
            {"name": "a", "password": "p", "port": 0},
            {"name": "b", "pasword": "p"},
            {"name": "c"},
            {"name": "a", "password": "", "codecs": "PCMA"},
            "d",
        ],
        "lines": [{"port": 1}, {"port": "2"}],
        "weights": {"a": -1, "b c": "x"},
    }
    assert places(raw) == [
        "plaice",
        "seats[0].port",
        "seats.b.pasword",
        "seats.c.password",
        "seats[3].password",
        "seats[3].codecs",
        "seats[4]",
        "lines[1].port",
        "weights.a",
        'weights."b c"',
    ]


def test_an_unknown_key_suggests_what_was_meant_and_never_shows_its_value() -> None:
    fault = bound({"seats": [{"name": "a", "pasword": "geheim"}]})[1].faults[0]
    assert "password?" in fault.suggestion
    assert fault.value == ""


def test_a_key_that_resembles_nothing_gets_no_suggestion() -> None:
    faults = bound({"zzz": 1})[1].faults
    assert [(fault.expected, fault.suggestion) for fault in faults] == [("未知的键 / unknown key", "")]


def test_a_missing_key_says_what_it_is_for() -> None:
    fault = bound({"seats": [{"password": "p"}]})[1].faults[0]
    assert (fault.path, fault.suggestion) == ("seats[0].name", "座席名 / name of the seat")


def test_a_wrong_secret_is_never_shown() -> None:
    faults = bound({"seats": [{"name": "a", "password": 4711}, {"name": "b", "password": "geh\neim"}]})[
        1
    ].faults
    assert [fault.value for fault in faults] == ["****", "****"]


@pytest.mark.parametrize(
    ("seat", "held"),
    [
        ({"name": "a", "password": "p"}, True),
        ({"name": "a", "pasword": "p"}, True),
        ({"name": "a", "password": ""}, False),
        ({"name": "a"}, False),
    ],
)
def test_secrets_in_the_document_are_noticed(seat: dict[str, str], held: bool) -> None:
    assert bound({"seats": [seat]})[1].has_secrets is held


def test_references_are_checked_although_a_value_breaks_its_limit() -> None:
    raw = {"seats": [{"name": "a", "password": "p", "port": 0}], "leader": "b"}
    made, binding = bound(raw)
    assert isinstance(made, Hall)
    assert [fault.path for fault in binding.faults] == ["seats.a.port", "leader"]


def test_references_wait_when_a_table_could_not_be_made() -> None:
    made, binding = bound({"seats": [{"name": "a"}], "leader": "a"})
    assert made is ABSENT
    assert not binding.complete
    assert [fault.path for fault in binding.faults] == ["seats.a.password"]


@pytest.mark.parametrize(
    ("raw", "suggestion"),
    [
        ({"seats": {"name": "a"}}, "[[seats]]"),
        ({"place": "x"}, ""),
        ({"weights": 5}, ""),
        ({"seats": [{"name": "a", "password": "p", "codecs": "PCMA"}]}, "[ ]"),
    ],
)
def test_a_value_of_another_shape_is_a_fault(raw: dict[str, Any], suggestion: str) -> None:
    faults = bound(raw)[1].faults
    assert len(faults) == 1
    assert suggestion in faults[0].suggestion


@dataclass(frozen=True)
class TwoTypes:
    """Cannot be bound."""

    value: int | str


@dataclass(frozen=True)
class Pair:
    """Cannot be bound."""

    value: tuple[int, int]


@dataclass(frozen=True)
class Numbered:
    """Cannot be bound."""

    value: dict[int, str]


@pytest.mark.parametrize("cls", [TwoTypes, Pair, Numbered])
def test_a_settings_class_that_cannot_be_bound_is_a_mistake_of_its_author(cls: Any) -> None:
    with pytest.raises(TypeError, match="value"):
        bound({"value": 1}, cls)
