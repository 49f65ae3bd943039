"""Errors: one tree, each with its data."""

import inspect

import pytest

from acd import errors
from acd.errors import AcdError

CLASSES = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_one_of_ours_and_in_the_tree_of_the_docstring(error: type) -> None:
    """Whoever catches `AcdError` catches all that `acd` raises on purpose."""
    assert issubclass(error, AcdError)
    assert errors.__doc__ is not None
    assert error.__name__ in errors.__doc__
