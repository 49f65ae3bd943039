"""Commands: imperatives that a shell can carry out."""

import dataclasses
import re
import typing

import pytest

from acd.commands import Command

VERB = re.compile(r"^(Offer|Withdraw|Refuse|Divert|Dismiss|Record|Report)[A-Z]")


@pytest.mark.parametrize("command", typing.get_args(Command))
def test_every_command_is_a_frozen_imperative(command: type) -> None:
    """Frozen, with slots, by keyword, beginning with a verb, and said in a sentence."""
    assert VERB.match(command.__name__)
    assert command.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(command)
    assert all(field.kw_only for field in dataclasses.fields(command))
    assert command.__doc__
    assert "." in command.__doc__.split("\n")[0] or ";" in command.__doc__.split("\n")[0]
