"""The example file is whole, loads, and says the defaults that hold."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from config.example import example_text
from config.load import load
from softswitch.settings.whole import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "softswitch.example.toml"


def keys_of(cls: Any, path: str = "") -> Iterator[tuple[str, Field[Any]]]:
    """Every plain key of a settings class with its place, walked here anew and not by the generator."""
    hints = get_type_hints(cls)
    for item in fields(cls):
        kind = hints[item.name]
        inside = get_args(kind)[0] if get_origin(kind) is tuple else kind
        if is_dataclass(inside):
            yield from keys_of(inside, f"{path}{item.name}.")
        else:
            yield f"{path}{item.name}", item


def written_keys(text: str) -> dict[str, tuple[str, str]]:
    """Place -> (value as written, comment above) of each key of a TOML text, commented-out keys included."""
    found: dict[str, tuple[str, str]] = {}
    table, comment = "", ""
    for line in text.splitlines():
        if header := re.fullmatch(r"\[{1,2}([\w.]+)\]{1,2}", line):
            table = f"{header[1]}."
        elif key := re.fullmatch(r"(?:# )?(\w+) = (.*)", line):
            assert f"{table}{key[1]}" not in found
            found[f"{table}{key[1]}"] = key[2], comment
        comment = line if line.startswith("# ") else ""
    return found


def test_the_example_is_what_the_settings_say_now() -> None:
    """After a change of the settings: `python -m softswitch example > config/softswitch.example.toml`."""
    assert EXAMPLE.read_text(encoding="utf-8") == example_text(Settings)


def test_every_setting_stands_in_the_example_and_nothing_else() -> None:
    assert set(written_keys(EXAMPLE.read_text(encoding="utf-8"))) == {place for place, _ in keys_of(Settings)}


def test_every_setting_shows_its_purpose_unit_and_default() -> None:
    written = written_keys(EXAMPLE.read_text(encoding="utf-8"))
    for place, item in keys_of(Settings):
        value, comment = written[place]
        assert item.metadata["doc"] in comment, place
        assert f"unit {item.metadata['unit']}" in comment if "unit" in item.metadata else True, place
        if item.default is MISSING and item.default_factory is MISSING:
            assert "required" in comment, place
        elif item.default is not None:
            default = item.default if item.default_factory is MISSING else item.default_factory()
            shown = tomllib.loads(f"x = {value}")["x"]
            if isinstance(default, tuple):
                assert shown == [str(one) for one in default], place
            else:
                assert shown == (str(default) if isinstance(default, Path) else default), place


def test_every_key_of_the_machine_has_a_purpose_and_times_have_their_unit() -> None:
    for place, item in keys_of(Settings):
        assert item.metadata.get("doc"), place
        for ending, unit in (("_s", "s"), ("_ms", "ms")):
            if place.endswith(ending):
                assert item.metadata.get("unit") == unit, place


def test_the_example_loads_and_holds_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.touch(0o600)
    path.write_bytes(EXAMPLE.read_bytes())
    machine = load(Settings, path)
    bare = tmp_path / "bare.toml"
    bare.write_text('[[sip.transports]]\nprotocol = "udp"\naddress = "192.0.2.10"\n', encoding="utf-8")
    default = load(Settings, bare)
    for part in ("node", "sip", "media", "cells", "recording"):
        assert getattr(machine, part) == getattr(default, part)


def test_the_keys_that_may_be_absent_are_right_when_they_are_used(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.touch(0o600)
    path.write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    assert load(Settings, path).sip.transports[0].advertised_address == "203.0.113.10"


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Every kind of key that the machine's settings happen not to use."""

    colour: Colour = Colour.RED
    side: Literal["left", "right"] = "left"
    weights: dict[str, int] = field(default_factory=lambda: {"a b": 1})
    lid: str | None = field(default=None, metadata={"example": "on", "doc": "盖 / lid"})
    depth_mm: int = field(default=3, metadata={"unit": "mm", "maximum": 9})


def test_other_kinds_of_keys_have_their_form() -> None:
    assert example_text(Box).split("\n\n", 1)[1].splitlines() == [
        "# colour; red | blue",
        'colour = "red"',
        "# side; left | right",
        'side = "left"',
        "# weights",
        'weights = {"a b" = 1}',
        "# 盖 / lid; 可省略 / may be left out",
        '# lid = "on"',
        "# depth_mm; 单位 / unit mm; ≤ 9",
        "depth_mm = 3",
    ]


@dataclass(frozen=True)
class Bare:
    """A key without default and example."""

    name: str


@dataclass(frozen=True)
class Odd:
    """A default that TOML cannot say."""

    name: Any = b"x"


@pytest.mark.parametrize("cls", [Bare, Odd])
def test_a_key_that_cannot_be_shown_is_a_mistake_of_its_author(cls: Any) -> None:
    with pytest.raises(TypeError):
        example_text(cls)
