"""JSON in and out."""

import contextlib
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_text import MalformedJson, dump, iso_time, parse
from api.views import WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """With a time, a hidden field and things inside."""

    at: WallTime
    ended_at: WallTime | None
    secret: str = field(metadata={"hidden": True})
    inside: tuple["Thing", ...] = ()
    share: float = 0.5


def test_a_view_is_shown_without_its_hidden_fields() -> None:
    """Also the views inside it; floats that are no times stay numbers."""
    inner = Thing(at=WallTime(0.0), ended_at=None, secret="s")
    shown = parse(dump(Thing(at=WallTime(1.5), ended_at=WallTime(2.0), secret="s", inside=(inner,))).encode())
    assert datetime.fromisoformat(shown["at"]).timestamp() == 1.5
    assert shown["share"] == 0.5
    assert shown["inside"][0]["ended_at"] is None
    assert "secret" not in str(shown)


@given(st.floats(min_value=0, max_value=4e9))
def test_times_have_a_zone_and_survive_to_the_millisecond(seconds: float) -> None:
    """Read back they are the same moment."""
    moment = datetime.fromisoformat(iso_time(seconds))
    assert moment.tzinfo is not None
    assert abs(moment.timestamp() - seconds) <= 0.001


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_malformed(data: bytes) -> None:
    """No other exception."""
    with contextlib.suppress(MalformedJson):
        parse(data)


def test_what_python_would_let_pass_is_malformed() -> None:
    """NaN, and a name twice, at any depth."""
    for text in (b"NaN", b"[-Infinity]", b'{"a":{"b":1,"b":2}}'):
        with pytest.raises(MalformedJson):
            parse(text)
