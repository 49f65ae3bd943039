"""What the fields of events and policies are checked for when they are built."""

import math
from collections.abc import Sequence

from acd.errors import InvalidValue


def check_finite(of: object, **values: float | None) -> None:
    """Refuse what is no number; raises `InvalidValue` with the class and the field."""
    for name, value in values.items():
        if value is not None and not math.isfinite(value):
            raise InvalidValue(type(of).__name__, name, value, "a finite number")


def check_at_least(of: object, minimum: float, **values: float | None) -> None:
    """Refuse what is too small; raises `InvalidValue`."""
    for name, value in values.items():
        if value is not None and not minimum <= value < math.inf:
            check_finite(of, **{name: value})
            raise InvalidValue(type(of).__name__, name, value, f"at least {minimum:g}")


def check_named(of: object, **values: str) -> None:
    """Refuse an empty name; raises `InvalidValue`."""
    for name, value in values.items():
        if not value:
            raise InvalidValue(type(of).__name__, name, value, "a name")


def check_distinct(of: object, field: str, names: Sequence[str]) -> None:
    """Refuse a name that is given twice; raises `InvalidValue`."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidValue(type(of).__name__, field, name, "each name once")
