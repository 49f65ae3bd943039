"""What becomes of each call when control comes back: a pure decision from what was written and what is still held.

Cells and plane outlive control, so people may go on talking while nobody decides.  A call whose customer's leg is
alive in its cell and in the plane goes on; everything else is ended.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from softswitch.calls.call import CallState


class Fate(StrEnum):
    """How a call goes on."""

    TALKS = "talks"  # both legs live
    WAITS = "waits"  # the customer's leg lives, no agent's does
    IS_OVER = "is_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One call's fate, and those of its legs that must be ended."""

    call_id: str
    fate: Fate
    ended_legs: tuple[str, ...]


_INTRODUCED = frozenset({CallState.INTRODUCED.value, CallState.TALKING.value})


def decide(
    record: Mapping[str, Any], confirmed_in_cells: Collection[str], held_by_plane: Collection[str]
) -> Adoption:
    """Return the fate of a call from its record (`Call.to_record`) and the legs that live."""
    customer, offer = record["customer"], record["offer"]
    legs = [leg["leg_id"] for leg in (customer, offer and offer["leg"]) if leg]
    alive = {leg_id for leg_id in legs if leg_id in confirmed_in_cells and leg_id in held_by_plane}
    if customer is None or customer["leg_id"] not in alive:
        fate, kept = Fate.IS_OVER, set()
    elif offer is not None and offer["leg"]["leg_id"] in alive and record["state"] in _INTRODUCED:
        fate, kept = Fate.TALKS, alive
    else:
        fate, kept = Fate.WAITS, {customer["leg_id"]}
    return Adoption(
        call_id=record["call_id"],
        fate=fate,
        ended_legs=tuple(leg_id for leg_id in legs if leg_id not in kept),
    )
