"""What the table of customers leaves behind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersChanged:
    """The customers have a new `version`: all of `changes`, or none of them.

    `changes` is JSON: a list of `[customer id, after]`, where a customer who was removed is null.  `by` is who asked
    for it, `reason` what they said of it.
    """

    at: float
    version: int
    by: str
    reason: str
    changes: str
