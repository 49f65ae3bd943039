"""The doors of the product that are fed with anything at all: one function each, and where its search begins.

Each group has a module of its own: a hunt loads no more of the product than it goes through.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

LONGEST = 4096
"""Octets of an input: more only slows the search down."""

CORPUS = Path(__file__).with_name("corpus")
MESSAGES = tuple([Path(__file__).parents[1] / "data" / name for name in ("rfc4475", "rfc5118")])

DOORS = {
    **dict.fromkeys(("message", "stream", "description", "credentials", "caller"), "targets"),
    **dict.fromkeys(
        ("packets", "reports", "digits", "configuration", "document", "words", "edge"), "targets"
    ),
    **dict.fromkeys(("customer_file", "call_list", "day_file", "sound"), "files"),
    **dict.fromkeys(("request", "commands"), "interface"),
}
"""The module of each."""


def target_of(name: str) -> Callable[[bytes], None]:
    """What is called with each input."""
    module = import_module(f"{__package__}.{DOORS[name]}")
    return cast("Callable[[bytes], None]", getattr(module, name))


def seeds_of(name: str) -> tuple[Path, ...]:
    """The folders whose files a target begins with: what was kept of earlier hunts, and whole messages."""
    whole = MESSAGES if name in ("message", "stream", "edge") else ()
    return (CORPUS / name, *whole)
